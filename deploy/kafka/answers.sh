#!/bin/bash
# A health check without a second JVM: asks the broker for its API versions, as every client does first.
# Run as:  bash answers.sh [PORT]   0 when it answers and refuses nothing.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9092}"
#        size            key 18  version 0  correlation 1    client: none
printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff' >&3
answer=$(head -c 10 <&3 | od -An -tx1 -v | tr -d ' \n')
[ "${answer:8}" = 000000010000 ] # our correlation, and no error
