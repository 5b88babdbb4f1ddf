#!/bin/sh
# A command as a team may have had it for years: it knows nothing of the platform but variables.
set -eu
warehouse=${PARAM_WAREHOUSE:-Hamburg}

echo "Reading the stock of $warehouse, attempt $SCHEDULER_ATTEMPT."
for shelf in A B C; do
  sleep 1
  echo "Shelf $shelf: counted."
done
echo "Shelf D has no label and was left out." >&2
printf '{"warehouse": "%s", "shelves": 3}\n' "$warehouse" > "$SCHEDULER_OUTPUT_FILE"
