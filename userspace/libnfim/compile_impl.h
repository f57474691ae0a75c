/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the signature compiler. Text becomes lines of tokens (compile-lex.c),
 * lines become statements (compile-parse.c, compile-stmt.c), statements become
 * programs and evidence (compile-code.c, compile-evidence.c), programs and the
 * index of their prefixes (compile-index.c) become a pack (compile-pack.c).
 *
 * All memory is of the compilation and freed with it. A mistake does not come
 * back as a return value: fail() leaves straight to nfim_compile().
 */
#ifndef _NFIM_COMPILE_IMPL_H
#define _NFIM_COMPILE_IMPL_H

#include "compile.h"

#include <setjmp.h>
#include "engine/run.h"

#ifdef __GNUC__
#define NORETURN	__attribute__((__noreturn__))
#define PRINTF(f, a)	__attribute__((__format__(__printf__, f, a)))
#else
#define NORETURN
#define PRINTF(f, a)
#endif

enum {
	OFF_MAX = 4096,		/* largest offset a statement may name */
	LEVEL_MAX = 4,		/* tabs before a line */
	WAYS_MAX = 64,		/* rules of the pack that one rule may become */
};

/* Where something stands in a source. */
struct pos {
	const char *path;
	unsigned int line;
	unsigned int col;
};

/* A growing array in the arena; @size is that of an element. */
struct vec {
	void *p;
	u32 n;
	u32 cap;
	u32 size;
};

enum tok_type {
	TOK_END,		/* of the line */
	TOK_ATOM,		/* word or number */
	TOK_STR,		/* "text" */
	TOK_STRI,		/* i"text": letters of either case, kept in lower case */
	TOK_PUNCT,		/* @num is the character; '>' stands for ">>" */
};

struct tok {
	enum tok_type type;
	struct pos pos;
	const u8 *bytes;	/* of atoms and strings */
	u32 len;
	u32 num;
};

struct line {
	struct pos pos;
	u32 level;		/* tabs before it */
	struct tok *tok;	/* ended by TOK_END */
	u32 at;			/* next token to take */
	bool ready;		/* read, and not taken yet */
};

struct lexer {
	const struct nfim_source *src;
	size_t off;
	unsigned int line_no;
	struct line line;
};

/* A step of an expression: an operation on the accumulator, 1:1 an instruction. */
struct step {
	u32 op;			/* NFIM_OP_* */
	u32 arg;
};

/* FIELD OFF steps..., or just a number (then @width is 0 and @steps empty). */
struct expr {
	struct pos pos;
	u32 load;		/* NFIM_OP_LD* */
	u32 width;		/* bytes, 0: a constant */
	u32 off;		/* or the constant */
	struct vec steps;	/* struct step */
};

enum stmt_kind {
	ST_BYTES,
	ST_TEST,		/* expr = value, expr in ranges */
	ST_SAME,		/* expr = expr */
	ST_SKIP,
	ST_SCAN,
	ST_END,
	ST_TAIL,
	ST_HTTP,
	ST_KEEP,		/* expr, the same in the other half */
	ST_FRAME,
	ST_ACTION,
	ST_USER,
	ST_TEXT,		/* one operation, as @op says */
	ST_BEGINS,		/* a condition, and what follows from it */
	ST_WHEN,
};

/* A literal, or one of several. */
struct lit {
	const u8 *p;
	u32 len;
	bool caseless;
};

struct stmt {
	enum stmt_kind kind;
	struct pos pos;
	struct expr a, b;
	u32 off;		/* of ST_BYTES, ST_SCAN, ST_USER */
	u32 within;		/* of ST_SCAN: offsets tried */
	struct lit lit;
	struct vec alts;	/* struct lit, @lit is one of these: the cursor goes behind it */
	struct vec ranges;	/* struct nfim_range */
	struct vec maps;	/* struct nfim_map, without table */
	u32 other;		/* action of what no map entry has */
	u32 map_at;		/* where in MAPS + 1, 0 while it is not there */
	u32 part, how;		/* of ST_HTTP: enum nfim_http_part, nfim_http_how */
	const char *field;	/* its name, or NULL */
	u32 dirs;		/* of ST_USER */
	struct vec keys;	/* u8: as NFIM_OP_KEY wants them */
	u32 n_keys;
	u32 op, op_a, op_b;	/* of ST_TEXT and ST_BEGINS */
	u32 op_imm;		/* if @data is empty */
	struct vec data;	/* u8: what the operation has in DATA */
	u32 actions;		/* that it may tell */
	struct vec inner;	/* struct stmt, of ST_BEGINS and ST_WHEN */
};

/* A rule or a frames block. */
struct prog_src {
	struct pos pos;
	const char *name;	/* NULL for frames */
	u32 l4;
	u32 dirs;
	bool mid;
	bool http;		/* @stmts are of a head and a body */
	bool half;		/* of a pair; the other one stands beside it */
	u32 actions;		/* of the whole flow */
	struct vec stmts;	/* struct stmt */
};

/* A signature file, parsed. */
struct sig_src {
	struct pos pos;
	const char *title;
	const char *source;
	struct nfim_sig_proto *proto;
	struct vec rules;	/* struct prog_src */
	struct vec frames;	/* struct prog_src */
	struct vec samples;	/* struct nfim_sig_sample */
};

/* The first bytes every match of a rule has, for the index. */
struct prefix {
	u32 n;
	u8 byte[NFIM_PREFIX_MAX];
	u8 known[NFIM_PREFIX_MAX];
	u8 caseless[NFIM_PREFIX_MAX];	/* 1: @byte is a lower case letter, either case */
};

/* What became of one program. */
struct prog {
	struct vec code;	/* struct nfim_insn */
	u32 need;
	u32 evidence;
	u32 actions;
	u32 keep_bits;		/* of the number that it keeps, 1/256 bit; 0 for none */
	bool keep_fresh;	/* no test before says anything of these */
	struct prefix prefix;
};

/* Bytes that were tested already, from the cursor on; a bit each. */
struct covered {
	u8 bits[OFF_MAX + NFIM_READ_MAX];
	u32 end;		/* nothing is covered from here on */
};

struct trie_node {
	struct trie_node *children;	/* by ascending byte */
	struct trie_node *next;		/* sibling */
	struct vec rules;		/* u32 */
	u32 below;			/* rules here and in all nodes below */
	u32 index;
	u32 depth;
	u32 root;
	u8 byte;
};

/* Another name of a protocol at certain hosts. */
struct refine {
	struct pos pos;
	const char *base;
	u32 id;			/* of the name */
};

struct arena_block;

struct comp {
	struct nfim_sigs sigs;		/* first: what the caller holds */
	struct arena_block *arena;
	struct nfim_compile_err *err;
	jmp_buf *out;
	struct vec registry;		/* struct nfim_sig_proto */
	struct vec sig_srcs;		/* struct sig_src */
	struct vec refines;		/* struct refine */
	struct vec names;		/* struct name_src */
	struct vec rule_infos;		/* struct nfim_sig_rule */
	struct vec sample_infos;	/* struct nfim_sig_sample */
	struct vec sect[NFIM_SECTS];	/* the pack's sections */
	struct trie_node *roots[NFIM_ROOTS];
	u32 n_tables;			/* of MAPS */
	u32 n_pairs;
	struct vec interned;		/* literals and strings in DATA */
	u32 interned_hash[4096];	/* index in @interned + 1 */
};

/* compile-util.c */
void fail(struct comp *c, const struct pos *pos, const char *fmt, ...) NORETURN PRINTF(3, 4);
void *arena_alloc(struct comp *c, size_t n);
void arena_free(struct arena_block *block);
char *arena_str(struct comp *c, const void *bytes, size_t len);
char *arena_printf(struct comp *c, const char *fmt, ...) PRINTF(2, 3);
void vec_init(struct vec *v, u32 size);
void *vec_add(struct comp *c, struct vec *v, u32 n);
#define VEC_AT(v, type, i)	(&((type *)(v)->p)[i])

/* compile-lex.c */
bool lex_peek(struct comp *c, struct lexer *lx);
void lex_drop(struct lexer *lx);
const struct tok *tok_peek(const struct lexer *lx);
const struct tok *tok_next(struct lexer *lx);
bool tok_is(const struct tok *tok, const char *word);
bool tok_take(struct lexer *lx, const char *word);
bool tok_take_punct(struct lexer *lx, u32 punct);
const struct tok *tok_word(struct comp *c, struct lexer *lx, const char *what);
const char *tok_name(struct comp *c, struct lexer *lx, const char *what);
const char *tok_text(struct comp *c, struct lexer *lx, const char *what);
u32 tok_number(struct comp *c, struct lexer *lx, const char *what, u32 max);
void tok_end(struct comp *c, struct lexer *lx);
void tok_hex(struct comp *c, const struct tok *tok, const u8 *hex, u32 len, struct vec *bytes);

/* compile-registry.c */

/* What is wrong with a name that is not in the registry, and the cure. */
#define REGISTRY_LACKS	"the registry has no protocol %.*s; append it to a copy of registry.tsv " \
			"and name that with --registry"

void registry_parse(struct comp *c, const struct nfim_source *src);
struct nfim_sig_proto *registry_find(struct comp *c, const char *name);

/* compile-parse.c */
u32 l4_parse(struct comp *c, struct lexer *lx);
u32 dirs_parse(struct comp *c, struct lexer *lx);
struct prog_src *rule_add(struct comp *c, struct lexer *lx, struct sig_src *sig);
void sig_parse(struct comp *c, const struct nfim_source *src);

/* compile-stmt.c */
void stmt_parse(struct comp *c, struct lexer *lx, struct prog_src *prog);
void flow_action_parse(struct comp *c, struct lexer *lx, struct prog_src *prog);

void lits_parse(struct comp *c, struct lexer *lx, struct stmt *st, u32 max, bool rule);

/* compile-http.c */
bool http_stmt_is(const struct tok *tok);
void http_stmt_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		     struct stmt *st);
u32 http_stmt_bits(const struct stmt *st);
u32 http_stmt_data(struct comp *c, const struct stmt *st);
void lit_parse(struct comp *c, struct lexer *lx, struct lit *lit, u32 max);
void test_parse(struct comp *c, struct lexer *lx, struct stmt *st);
u32 action_parse(struct comp *c, struct lexer *lx);

/* compile-text.c */
bool text_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog, struct stmt *st);
bool text_block_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		      struct stmt *st, u32 level);
bool text_name_parse(struct comp *c, struct lexer *lx, struct stmt *st);

/* compile-evidence.c */
u32 log2_q8(u64 v);
u32 literal_bits(const struct lit *lit);
u32 range_bits(const struct expr *e, const struct vec *ranges);
u32 expr_bits(const struct expr *e);
u32 expr_least(const struct expr *e, u32 field);
bool cover_bytes(struct covered *cov, u32 off, u32 len);
bool cover_expr(struct covered *cov, const struct expr *e);
void cover_shift(struct covered *cov, u32 least, bool varies);

/* compile-names.c */
bool names_is(const struct nfim_source *src);
void names_parse(struct comp *c, const struct nfim_source *src);
void names_add(struct comp *c, const struct pos *pos, const char *name,
	       struct nfim_sig_proto *proto, enum nfim_name_class class);
void names_write(struct comp *c);
void names_init(struct comp *c);

/* compile-refine.c */
bool refine_parse(struct comp *c, const struct nfim_source *src);
void refine_finish(struct comp *c);

/* compile-code.c */
bool sig_tells_host(const struct sig_src *sig);
void prog_compile(struct comp *c, const struct prog_src *src, u32 dirs, struct prog *out);
bool prog_dirs_differ(const struct prog_src *src);

/* compile-index.c */
void index_init(struct comp *c);
u32 index_add(struct comp *c, const struct pos *pos, u32 root, const struct prefix *prefix,
	      u32 rule);
void index_write(struct comp *c);

/* compile-pair.c */
void pair_parse(struct comp *c, struct lexer *lx, struct sig_src *sig);
u32 pair_evidence(struct comp *c, struct prog_src *first);

/* compile-pack.c */
u32 data_add(struct comp *c, const void *bytes, u32 len);
bool prog_choose(const struct prog_src *src, u32 way);

#endif /* _NFIM_COMPILE_IMPL_H */
