#!/usr/bin/env bash
# install.sh PREFIX: builds `reentry` optimized and puts it into PREFIX/bin, with completions for bash, fish and zsh and the man pages.
# Files are staged first, so that a failure leaves nothing half installed. PROFILE says which of cargo's profiles is built.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${1:?where to}
profile=${PROFILE:-dist}

echo "install: building \`reentry\`, optimized; this takes longer than \`make demo\`"
cargo build --locked --profile "$profile" -p reentry-cli
built=target/$([ "$profile" = dev ] && echo debug || echo "$profile")/reentry

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
"$built" man "$stage/man"
for shell in bash fish zsh; do
  "$built" completions $shell >"$stage/$shell"
done

# Stripped here: cargo leaves the symbols in a binary whose package has settings of its own in the profile.
install -D -s -m 755 "$built" "$prefix/bin/reentry"
install -D -m 644 "$stage/bash" "$prefix/share/bash-completion/completions/reentry"
install -D -m 644 "$stage/fish" "$prefix/share/fish/vendor_completions.d/reentry.fish"
install -D -m 644 "$stage/zsh" "$prefix/share/zsh/site-functions/_reentry"
install -d "$prefix/share/man/man1"
install -m 644 "$stage/man/"*.1 "$prefix/share/man/man1/"

echo "install: $prefix/bin/reentry ($(stat -c %s "$prefix/bin/reentry" | numfmt --to=si --suffix=B)), completions, man pages"
case ":$PATH:" in
  *":$prefix/bin:"*) echo "install: \`reentry\` shows what it can do" ;;
  *) echo "install: $prefix/bin is not in PATH yet; this adds it: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
