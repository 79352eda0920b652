#!/bin/bash
# Tell of a night that failed: in one issue, until somebody closes it, and a comment for each night more.

title='The scheduled build of guest images failed'
issue=$(gh issue list --search "in:title \"$title\"" --json number --jq '.[0].number // empty')
if [ -n "$issue" ]; then
    gh issue comment "$issue" --body "Again: $RUN"
else
    gh issue create --title "$title" --body "What failed, and its artefacts: $RUN"
fi
