// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variables and include paths of nft.
 */
#include "nft-im.h"
#include "vars.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_DIR	"/etc"

struct var {
	struct var *next;
	char *name;
	char *value;
};

struct dir {
	struct dir *next;
	char *path;
};

static struct var *vars;
static struct dir *dirs, **last_dir = &dirs;

static struct var *find(const char *name, size_t len)
{
	struct var *var;

	for (var = vars; var; var = var->next)
		if (strlen(var->name) == len && !memcmp(var->name, name, len))
			return var;
	return NULL;
}

static void set(const char *name, size_t len, const char *value, size_t value_len)
{
	struct var *var = find(name, len);

	if (var) {
		free(var->value);
	} else {
		var = xmalloc(sizeof(*var));
		var->name = strndup(name, len);
		var->next = vars;
		vars = var;
	}
	var->value = strndup(value, value_len);
}

void vars_read(const struct lex *from)
{
	struct lex lex = *from;
	struct token name, tok;
	const char *value;
	int braces = 0;

	lex_next(&lex, &name, false);
	lex_next(&lex, &tok, false);
	if (name.kind != TOKEN_WORD || !token_is(&tok, "="))
		return;
	value = lex.p;
	do {
		lex_next(&lex, &tok, braces > 0);
		braces += token_is(&tok, "{") - token_is(&tok, "}");
	} while (tok.kind != TOKEN_END && (tok.kind != TOKEN_NEWLINE || braces > 0));
	set(name.at, name.len, value, tok.at - value);
}

const char *vars_get(const char *name, size_t len)
{
	const struct var *var = find(name, len);

	return var ? var->value : NULL;
}

void rewrite_define(const char *var)
{
	const char *sign = strchr(var, '=');

	if (sign)
		set(var, sign - var, sign + 1, strlen(sign + 1));
}

void rewrite_include_path(const char *path)
{
	struct dir *dir = xmalloc(sizeof(*dir));

	dir->path = strdup(path);
	dir->next = NULL;
	*last_dir = dir;
	last_dir = &dir->next;
}

static char **matches(const char *dir, const char *name)
{
	char *pattern = NULL, **paths;
	size_t i;
	glob_t g;

	if (asprintf(&pattern, "%s%s%s", dir, *dir ? "/" : "", name) < 0)
		abort();
	if (glob(pattern, 0, NULL, &g)) {
		free(pattern);
		return NULL;
	}
	free(pattern);
	paths = xmalloc((g.gl_pathc + 1) * sizeof(*paths));
	for (i = 0; i < g.gl_pathc; i++)
		paths[i] = strdup(g.gl_pathv[i]);
	paths[i] = NULL;
	globfree(&g);
	return paths;
}

char **vars_find_include(const char *name, size_t len)
{
	char *text = strndup(name, len), **paths = NULL;
	const struct dir *dir;

	if (*text == '/' || !strncmp(text, "./", 2) || !strncmp(text, "../", 3)) {
		paths = matches("", text);
	} else {
		for (dir = dirs; dir && !paths; dir = dir->next)
			paths = matches(dir->path, text);
		if (!paths)
			paths = matches(DEFAULT_DIR, text);
	}
	free(text);
	return paths;
}
