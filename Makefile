# SPDX-License-Identifier: GPL-2.0-only
#
# nf-im: see "make help". "make modules" needs no userspace libraries, "make userspace" no
# kernel headers; demo and check install what they need (Debian packages, selftests/deps).

include version.mk

KERNELRELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE)/build
PREFIX ?= /usr
DESTDIR ?=
export PREFIX DESTDIR V

vm := selftests/vm
compiler := tools/nfim-compile/nfim-compile

.PHONY: all modules userspace tools check selftest fuzz budget bench demo accuracy agree style \
	static matrix cross debug-kernel packages install modules_install dkms-install dist clean help \
	vm-modules kernel-headers check-full

all: modules userspace tools

modules: kernel-headers
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

kernel-headers:
	@test -e $(KDIR)/Makefile || { \
		echo 'no kernel headers at $(KDIR): apt install linux-headers-$(KERNELRELEASE),' \
			'or make KDIR=DIR; "make userspace tools" needs none' >&2; exit 1; }

userspace:
	$(MAKE) -C userspace/libnfim
	$(MAKE) -C userspace/xtables

tools: userspace
	$(MAKE) -C tools/imctl
	$(MAKE) -C tools/nft-im

vm-modules:
	$(MAKE) -C "$$($(vm)/kdir)" M=$(CURDIR) modules

demo:
	selftests/deps build vm
	$(vm)/rootfs >/dev/null
	$(MAKE) -s vm-modules tools
	selftests/demo

check:
	selftests/deps build vm check
	selftests/check

check-full:
	selftests/deps build vm check
	selftests/check --full

selftest: vm-modules tools
	$(vm)/run

matrix:
	selftests/deps build vm
	selftests/matrix

cross:
	selftests/deps build vm cross
	selftests/arm64
	selftests/clang
	$(MAKE) -s vm-modules tools
	selftests/compat32/run || [ $$? = 4 ]
	$(MAKE) -s -C selftests/unit bigendian

debug-kernel:
	selftests/deps build vm debug
	$(vm)/debug-kernel >/dev/null
	$(vm)/run --release debug --timeout 3600 --mem 2048

fuzz:
	selftests/deps build vm check
	$(MAKE) -C selftests fuzz
	$(MAKE) -s vm-modules tools
	$(vm)/run --timeout 3600 --append nf_im_messages=1000000 nft-fuzz.sh

budget:
	$(MAKE) -s -C selftests/budget budget

bench:
	selftests/deps build vm check
	$(MAKE) -s vm-modules tools
	bench/run

accuracy: tools
	selftests/accuracy

agree:
	selftests/deps build vm
	$(MAKE) -s vm-modules tools
	selftests/agree

style:
	selftests/style

static:
	$(MAKE) -C "$$($(vm)/kdir)" M=$(CURDIR) C=2 CF=-D__CHECK_ENDIAN__ modules

modules_install: kernel-headers
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(abspath $(DESTDIR))) \
		modules_install

install: userspace tools
	for d in userspace/xtables tools/imctl tools/nft-im packaging/boot docs; do \
		$(MAKE) -C $$d install || exit; done

dkms-install:
	packaging/dkms-install $(DESTDIR)$(PREFIX)/src/nf-im-$(NF_IM_VERSION)

# The same bytes from the same commit, whoever makes it: selftests/packages/dist.
dist:
	git -c tar.umask=0002 archive --prefix=nf-im-$(NF_IM_VERSION)/ HEAD | gzip -9n >nf-im-$(NF_IM_VERSION).tar.gz
	sha256sum nf-im-$(NF_IM_VERSION).tar.gz

packages:
	selftests/deps build vm others
	selftests/packages/dist
	selftests/packages/others
	selftests/packages/run

clean:
	find kmod nft-expr -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' -o \
		-name '.*.cmd' -o -name '*.o.d' -o -name .tmp_versions | xargs rm -rf
	rm -f kmod/nfim-compile kmod/nf_im_builtin.c Module.symvers modules.order \
		kmod/modules.order .Module.symvers.cmd .modules.order.cmd
	for d in userspace/libnfim userspace/xtables tools/imctl tools/nft-im tools/nfim-compile selftests \
		selftests/netns/src packaging/boot docs; do $(MAKE) -C $$d clean; done

help:
	@echo 'nf-im $(NF_IM_VERSION)'
	@echo '  demo             a real kernel drops a real Yahoo! Messenger session'
	@echo '  check            every test; installs what it needs'
	@echo '  check-full       and then what takes hours: fuzz and budget, in full'
	@echo '  all              modules, userspace and tools'
	@echo '  modules          nf_im.ko and xt_im.ko for KDIR ($(KDIR))'
	@echo '  userspace, tools libnfim and libxt_im.so; imctl and nft-im'
	@echo '  selftest         the tests in a virtual machine alone'
	@echo '  matrix           the same on the kernels and tools of five Debian releases'
	@echo '  cross            other machines: arm64, clang, iptables of 32 bits, big-endian'
	@echo '  debug-kernel     the same on a kernel with KASAN, lockdep and kmemleak'
	@echo '  fuzz             ten million inputs through the fuzzers, a million netlink messages'
	@echo '  budget           how often signatures hit what is none of theirs: 10 million payloads each'
	@echo '  bench            instructions a packet and a call'
	@echo '  accuracy         imctl classify over labelled captures, if they are there'
	@echo '  agree            the kernel says the same of their flows; minutes in a VM'
	@echo '  style, static    checkpatch, shellcheck, codespell; sparse'
	@echo '  install          all but the modules'
	@echo '  modules_install  the modules, for KDIR'
	@echo '  dkms-install     the module sources to PREFIX/src, for dkms add'
	@echo '  dist             a release archive of the last commit'
	@echo '  packages         Debian packages: built, installed, upgraded, purged in clean roots'
	@echo '  clean            what was built'
	@echo 'Variables: KDIR, KERNELRELEASE; DESTDIR, PREFIX, SBINDIR, MANDIR, DOCDIR, xtlibdir, UNITDIR,'
	@echo '  LIBEXECDIR; CC, HOSTCC, CFLAGS, CPPFLAGS, LDFLAGS, PKG_CONFIG; V=1 shows commands, WERROR=1'
