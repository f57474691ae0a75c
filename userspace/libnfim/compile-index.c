// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index: a tree of the rules' first bytes for each root.
 *
 * A rule is found where its prefix ends, or earlier where no other rule shares
 * the bytes so far: its program tests them anyway, and a short way is cheap.
 */
#include "compile_impl.h"

enum {
	EXPAND_MAX	= 3,	/* caseless letters the tree knows, 2^n ways */
	UNIQUE_DEPTH	= 4,	/* bytes a lone rule is followed for at least */
};

void index_init(struct comp *c)
{
	u32 i;

	for (i = 0; i < NFIM_ROOTS; i++) {
		c->roots[i] = arena_alloc(c, sizeof(*c->roots[i]));
		c->roots[i]->root = i;
		vec_init(&c->roots[i]->rules, sizeof(u32));
	}
}

static struct trie_node *child_get(struct comp *c, struct trie_node *node, u8 byte)
{
	struct trie_node **at = &node->children;
	struct trie_node *child;

	while (*at && (*at)->byte < byte)
		at = &(*at)->next;
	if (*at && (*at)->byte == byte)
		return *at;
	child = arena_alloc(c, sizeof(*child));
	vec_init(&child->rules, sizeof(u32));
	child->byte = byte;
	child->depth = node->depth + 1;
	child->root = node->root;
	child->next = *at;
	*at = child;
	return child;
}

/* How many bytes of the prefix the tree takes: not all caseless letters, they double it. */
static u32 prefix_taken(const struct prefix *prefix, u32 *letters)
{
	u32 n;

	*letters = 0;
	for (n = 0; n < prefix->n; n++) {
		if (prefix->caseless[n] && *letters == EXPAND_MAX)
			break;
		*letters += prefix->caseless[n];
	}
	return n;
}

/* Returns how many bytes of the prefix the index knows. */
u32 index_add(struct comp *c, const struct pos *pos, u32 root, const struct prefix *prefix,
	      u32 rule)
{
	u32 letters, way, i;
	u32 n = prefix_taken(prefix, &letters);

	for (way = 0; way < 1u << letters; way++) {
		struct trie_node *node = c->roots[root];
		u32 bit = 0;

		node->below++;
		for (i = 0; i < n; i++) {
			u8 byte = prefix->byte[i];

			if (prefix->caseless[i] && way >> bit++ & 1)
				byte &= (u8)~0x20;
			node = child_get(c, node, byte);
			node->below++;
		}
		if (node->rules.n == NFIM_NODE_RULES_MAX)
			fail(c, pos, "more than %d rules have the same first %lu bytes",
			     NFIM_NODE_RULES_MAX, (unsigned long)n);
		*(u32 *)vec_add(c, &node->rules, 1) = rule;
	}
	return n;
}

/* A node with one rule below it and none of its own takes that rule. */
static void node_shorten(struct trie_node *node)
{
	struct trie_node *end = node;

	if (node->depth < UNIQUE_DEPTH || node->below != 1)
		return;
	while (end->children)
		end = end->children;
	node->rules = end->rules;
	node->children = NULL;
}

static void write_edges(struct comp *c, const struct trie_node *node, struct nfim_node *out)
{
	struct vec *edges = &c->sect[NFIM_SECT_EDGES];
	const struct trie_node *child;
	u32 n = 0;
	u32 *w;

	for (child = node->children; child; child = child->next)
		n++;
	if (n > NFIM_EDGES_MAX)
		n = NFIM_EDGES_DENSE;
	out->edges = edges->n;
	out->shape = NFIM_NODE_SHAPE(n, node->depth, node->root);
	if (!n)
		return;
	w = vec_add(c, edges, n);
	for (child = node->children; child; child = child->next) {
		if (n == NFIM_EDGES_DENSE)
			w[child->byte] = child->index;
		else
			*w++ = (u32)child->byte << 24 | child->index;
	}
}

static void write_node(struct comp *c, const struct trie_node *node)
{
	struct nfim_node *out = vec_add(c, &c->sect[NFIM_SECT_NODES], 1);
	struct vec *rules = &c->sect[NFIM_SECT_NODE_RULES];

	write_edges(c, node, out);
	out->rules = rules->n;
	out->n_rules = node->rules.n;
	if (node->rules.n)
		memcpy(vec_add(c, rules, node->rules.n), node->rules.p,
		       sizeof(u32) * node->rules.n);
}

/* Breadth first, so that children come behind their parents. */
void index_write(struct comp *c)
{
	struct vec queue;
	u32 i;

	vec_init(&queue, sizeof(struct trie_node *));
	for (i = 0; i < NFIM_ROOTS; i++) {
		c->roots[i]->index = i;
		*(struct trie_node **)vec_add(c, &queue, 1) = c->roots[i];
	}
	for (i = 0; i < queue.n; i++) {
		struct trie_node *node = *VEC_AT(&queue, struct trie_node *, i);
		struct trie_node *child;

		node_shorten(node);
		for (child = node->children; child; child = child->next) {
			child->index = queue.n;
			*(struct trie_node **)vec_add(c, &queue, 1) = child;
		}
		if (queue.n > NFIM_NODE_MAX)
			fail(c, NULL, "the index has more than %d nodes", NFIM_NODE_MAX);
		write_node(c, node);
	}
}
