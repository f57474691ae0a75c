# SPDX-License-Identifier: GPL-2.0-only
# What the programs that link libnfim share; included with $(top) set. The program names its
# packages in $(deps) and sets pkg_cflags and pkg_libs.
#
# Variables: CC CFLAGS CPPFLAGS LDFLAGS LIBS PKG_CONFIG PREFIX SBINDIR MANDIR DESTDIR WERROR V

include $(top)/version.mk

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
CFLAGS ?= -O2 -g
PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
INSTALL ?= install
PKG_CONFIG ?= pkg-config

warn := -Wall -Wextra $(if $(WERROR),-Werror)
lib := $(top)/userspace/libnfim
inc := -I$(lib) -I$(top)/kmod -I$(top)/kmod/uapi

all:

%.o: %.c | have-deps
	@$(if $(Q),echo "  CC      $@")
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(warn) $(CPPFLAGS) $(CFLAGS) $(inc) $(pkg_cflags) \
		-DNF_IM_VERSION='"$(NF_IM_VERSION)"' -MMD -MP -c -o $@ $<

# Its own Makefile knows when it is out of date.
$(lib)/libnfim.a: FORCE
	$(Q)$(MAKE) $(if $(Q),-s) --no-print-directory -C $(lib)

FORCE:

include $(top)/userspace/deps.mk

.PHONY: all FORCE
.DELETE_ON_ERROR:
