# SPDX-License-Identifier: GPL-2.0-only
# The one place where the version stands.
NF_IM_VERSION := 0.1.0
