# SPDX-License-Identifier: GPL-2.0-only
# What is compiled here needs the packages in $(deps); one sentence says which pkg-config lacks,
# before the compiler names a header. Included behind the first target; $(PKG_CONFIG) is set.

have-deps:
	@missing=; \
	for p in $(deps); do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null || missing="$$missing $$p"; \
	done; \
	test -z "$$missing" || { \
		echo "$(notdir $(CURDIR)): $(PKG_CONFIG) does not find$$missing;" \
			"on Debian selftests/deps build installs what is missing" >&2; exit 1; }

.PHONY: have-deps
