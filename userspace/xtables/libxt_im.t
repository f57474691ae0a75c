# SPDX-License-Identifier: GPL-2.0-only
#
# Format of iptables-test.py: rule;what is saved, = for the same;OK or FAIL.
# test-t also heeds these comments, for the next rule:
#	print: TEXT	what iptables -L shows
#	nft: TEXT	what stock nft lists, without an enabled hook
#	kernel: refuses	the library takes the rule, the kernel does not know the id
#	stderr: TEXT	part of what the refusal says, more than once for more
:INPUT,FORWARD,OUTPUT
#
# --proto
# print: im proto ymsg
# nft: im proto ymsg
-m im --proto ymsg;=;OK
# print: im ! proto ymsg
# nft: im proto != ymsg
-m im ! --proto ymsg;=;OK
# print: im proto ymsg,oscar
# nft: im proto { ymsg, oscar }
-m im --proto ymsg,oscar;=;OK
# print: im ! proto ymsg,oscar
# nft: im proto != { ymsg, oscar }
-m im ! --proto ymsg,oscar;=;OK
# nft: im proto { ymsg, oscar, xmpp, irc }
-m im --proto irc,xmpp,oscar,ymsg;-m im --proto ymsg,oscar,xmpp,irc;OK
-m im --proto ymsg,ymsg;-m im --proto ymsg;OK
-m im --proto ymsg,oscar,ymsg,oscar,oscar;-m im --proto ymsg,oscar;OK
-m im --proto=ymsg;-m im --proto ymsg;OK
#
# Aliases are read and never written
# print: im proto ymsg
# nft: im proto ymsg
-m im --proto yahoo;-m im --proto ymsg;OK
-m im --proto aim;-m im --proto oscar;OK
-m im --proto icq,aim,oscar;-m im --proto oscar;OK
-m im --proto jabber;-m im --proto xmpp;OK
-m im --proto msn;-m im --proto msnp;OK
-m im --proto gadu;-m im --proto gadugadu;OK
-m im ! --proto yahoo,jabber;-m im ! --proto ymsg,xmpp;OK
-m im --proto yahoo,ymsg;-m im --proto ymsg;OK
#
# Ids: of names, and of what only a newer kernel knows
# print: im proto id:255
# nft: im proto id:255
# kernel: refuses
-m im --proto id:255;=;OK
# kernel: refuses
-m im --proto 255;-m im --proto id:255;OK
# kernel: refuses
-m im --proto 0254;-m im --proto id:254;OK
# kernel: refuses
-m im ! --proto id:254,id:255;=;OK
# nft: im proto { ymsg, id:255 }
# kernel: refuses
-m im --proto id:255,yahoo;-m im --proto ymsg,id:255;OK
# stderr: "id:256" is no protocol: ids go from 1 to 255
-m im --proto id:256;;FAIL
# stderr: "0" is no protocol: ids go from 1 to 255
-m im --proto 0;;FAIL
# stderr: "4294967297" is no protocol
-m im --proto 4294967297;;FAIL
# stderr: "99999999999999999999" is no protocol
-m im --proto 99999999999999999999;;FAIL
# stderr: no protocol "0x1"
-m im --proto 0x1;;FAIL
# stderr: no protocol "id:"
-m im --proto id:;;FAIL
# stderr: no protocol "id:-1"
-m im --proto id:-1;;FAIL
# stderr: no protocol "id: 1"
-m im --proto "id: 1";;FAIL
# stderr: no protocol "id:+1"
-m im --proto id:+1;;FAIL
# kernel: refuses
-m im --category id:31;=;OK
-m im --category 0;-m im --category messenger;OK
# stderr: "id:32" is no category: ids go from 0 to 31
-m im --category id:32;;FAIL
# kernel: refuses
-m im --action id:31,login;-m im --action login,id:31;OK
# kernel: refuses
-m im --state id:5;=;OK
#
# --category
# print: im category messenger
# nft: im category messenger
-m im --category messenger;=;OK
-m im ! --category messenger;=;OK
# nft: im category { messenger, enterprise, voice, remote, p2p }
-m im --category p2p,remote,voice,enterprise,messenger;-m im --category messenger,enterprise,voice,remote,p2p;OK
# print: im ! category remote,p2p
# nft: im category != { remote, p2p }
-m im ! --category remote,p2p;=;OK
#
# --action
# print: im action file
# nft: im action file
-m im --action file;=;OK
# nft: im action != file
-m im ! --action file;=;OK
-m im --action other,lookup,remote,webcam,video,voice,file,chat,message,presence,login;-m im --action login,presence,message,chat,file,voice,video,webcam,remote,lookup,other;OK
-m im --action file,file;-m im --action file;OK
#
# --state
# print: im state new,undecided
# nft: im state { new, undecided }
-m im --state new,undecided;=;OK
-m im --state undecided,new;-m im --state new,undecided;OK
# nft: im state != decided
-m im ! --state decided;=;OK
-m im --state none,uninspected,decided,undecided,new;-m im --state new,undecided,decided,uninspected,none;OK
#
# --confidence
# print: im confidence payload,name
# nft: im confidence { payload, name }
-m im --confidence payload,name;=;OK
-m im --confidence name,payload-pair,payload;-m im --confidence payload,payload-pair,name;OK
# nft: im confidence != name
-m im ! --confidence name;=;OK
# print: im proto whatsapp confidence payload
# nft: im proto whatsapp confidence payload
-m im --confidence payload --proto whatsapp;-m im --proto whatsapp --confidence payload;OK
# stderr: no confidence "names"; did you mean "name"
-m im --confidence names;;FAIL
#
# Several tests are one match and one statement, in the order of the rule
# print: im proto ymsg action file
# nft: im proto ymsg action file
-m im --proto ymsg --action file;=;OK
-m im --action lookup --proto ymsg;-m im --proto ymsg --action lookup;OK
# print: im ! proto ymsg category messenger ! action file,voice state decided
# nft: im proto != ymsg category messenger action != { file, voice } state decided
-m im --state decided ! --action voice,file --category messenger ! --proto yahoo;-m im ! --proto ymsg --category messenger ! --action file,voice --state decided;OK
-m im --category messenger ! --proto xmpp;-m im ! --proto xmpp --category messenger;OK
-m im --proto ymsg -m im --action file;=;OK
-m im --proto ymsg -m comment --comment "im --proto oscar";-m im --proto ymsg -m comment --comment "im --proto oscar";OK
-p tcp -m im --proto ymsg -j REJECT --reject-with tcp-reset;=;OK
#
# Something has to be tested
# stderr: say at least one of --proto, --category, --action, --state, --confidence
-m im;;FAIL
-m im --proto;;FAIL
-m im ! --proto;;FAIL
# stderr: "--proto" can only be used once
-m im --proto ymsg --proto oscar;;FAIL
# stderr: "--proto" can only be used once
-m im --proto ymsg ! --proto oscar;;FAIL
# stderr: "--state" can only be used once
-m im --state new --state undecided;;FAIL
-m im ! ! --proto ymsg;;FAIL
-m im --proto ymsg !;;FAIL
-m im --unknown-tests 0x20;;FAIL
-m im ymsg;;FAIL
#
# Empty names and blanks
# stderr: --proto has an empty name
-m im --proto "";;FAIL
# stderr: --proto has an empty name
-m im --proto ,;;FAIL
# stderr: --proto has an empty name
-m im --proto ymsg,;;FAIL
# stderr: --proto has an empty name
-m im --proto ,ymsg;;FAIL
# stderr: --proto has an empty name
-m im --proto ymsg,,oscar;;FAIL
# stderr: --category has an empty name
-m im --category "";;FAIL
# stderr: --action has an empty name
-m im --action file,;;FAIL
# stderr: --state has an empty name
-m im ! --state "";;FAIL
# stderr: no protocol " oscar"; did you mean "oscar"
-m im --proto "ymsg, oscar";;FAIL
# stderr: no protocol "ymsg "; did you mean "ymsg"
-m im --proto "ymsg ";;FAIL
# stderr: no protocol " "
-m im --proto " ";;FAIL
-m im --proto ymsg, oscar;;FAIL
-m im --proto ymsg oscar;;FAIL
#
# Unknown names; what is near them; how to see all
# stderr: no protocol "yamsg"; did you mean "ymsg"
# stderr: "-m im --help" lists all
-m im --proto yamsg;;FAIL
# stderr: no protocol "ymgs"; did you mean "ymsg"
-m im --proto ymgs;;FAIL
# stderr: no protocol "YMSG"; did you mean "ymsg"
-m im --proto YMSG;;FAIL
# stderr: no protocol "yaho"; did you mean "ymsg" (yahoo)
-m im --proto yaho;;FAIL
# stderr: no protocol "oscarr"; did you mean "oscar"
-m im --proto ymsg,oscarr,xmpp;;FAIL
# stderr: no protocol "telegarm"; did you mean "telegram"
-m im ! --proto telegarm;;FAIL
# stderr: no protocol "nosuchmessenger". "-m im --help" lists all
-m im --proto nosuchmessenger;;FAIL
# stderr: no protocol "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...". "-m im --help" lists all
-m im --proto aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;;FAIL
# stderr: no protocol "%s%n"
-m im --proto %s%n;;FAIL
# stderr: no protocol "im-ymsg"
-m im --proto im-ymsg;;FAIL
# stderr: no category "mesenger"; did you mean "messenger"
-m im --category mesenger;;FAIL
# stderr: no category "ymsg"
-m im --category ymsg;;FAIL
# stderr: no action "filee"; did you mean "file"
-m im --action filee;;FAIL
# stderr: no action "voices"; did you mean "voice"
-m im --action voices;;FAIL
# stderr: no state "undecidet"; did you mean "undecided"
-m im --state undecidet;;FAIL
# stderr: no state "established"
-m im --state established;;FAIL
