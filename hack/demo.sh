# Products to buy and a walk through the shop, wherever it runs.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh

# ask METHOD URL [JSON]: prints the status.
ask() { curl -s -m 10 --noproxy '*' -o /dev/null -w '%{http_code}' -X "$1" "$2" -H 'Content-Type: application/json' ${3:+-d "$3"}; }

# add_products CATALOG-URL INVENTORY-URL
add_products() {
  local catalog=$1 inventory=$2 sku name category cents stock description status
  while IFS=$'\t' read -r sku name category cents stock description; do
    status=$(ask POST "$catalog/internal/v1/products" "$(jq -nc --arg sku "$sku" --arg name "$name" --arg category "$category" --arg description "$description" \
      --argjson cents "$cents" '{$sku, $name, $description, $category, price: {amount: $cents, currency: "EUR"}}')")
    [[ $status =~ ^(201|409)$ ]] || die "adding the product $sku: status $status"
    status=$(ask PUT "$inventory/internal/v1/stock/$sku" "{\"on_hand\": $stock}")
    [ "$status" = 200 ] || die "adding stock of $sku: status $status"
  done <"$ROOT/hack/shop-products.tsv"
}

# show_walk GATEWAY-URL
# Lines that begin with two blanks are commands; test/services/walk runs them as they are printed.
show_walk() {
  cat <<TEXT

A walk through it; the lines below can be pasted into a shell. The API's description is at $1/docs

  GATEWAY=$1
TEXT
  cat <<'TEXT'
  EMAIL=ada.$RANDOM$RANDOM@example.com

Register, and log in:
  curl -sS "$GATEWAY/api/v1/register" -H 'Content-Type: application/json' -d '{"email": "'$EMAIL'", "password": "correct horse battery", "first_name": "Ada", "last_name": "Lovelace"}' | jq .user
  TOKEN=$(curl -sS "$GATEWAY/api/v1/login" -H 'Content-Type: application/json' -d '{"email": "'$EMAIL'", "password": "correct horse battery"}' | jq -r .token)
  curl -sS "$GATEWAY/api/v1/profile" -H "Authorization: Bearer $TOKEN" | jq .

Browse and search:
  curl -sS "$GATEWAY/api/v1/categories" | jq -c .
  curl -sS "$GATEWAY/api/v1/products?category=coffee&limit=3" | jq -c '.items[] | {sku, name, price}'
  curl -sS "$GATEWAY/api/v1/search?q=grinder" | jq -c '.items[] | {sku, name, price}'
  curl -sS "$GATEWAY/api/v1/stock/COFFEE-HOUSE" | jq -c .

Fill a cart:
  curl -sS -X PUT "$GATEWAY/api/v1/cart/items/COFFEE-HOUSE" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"quantity": 2}' | jq -c .total
  curl -sS -X PUT "$GATEWAY/api/v1/cart/items/FILTER-PAPER" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"quantity": 1}' | jq -c .total

Check out, and see the order:
  ORDER=$(curl -sS "$GATEWAY/api/v1/checkout" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -d '{"payment_method": {"token": "tok_visa"}, "shipping_address": {"name": "Ada Lovelace", "line1": "12 St James Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}}' | tee /dev/stderr | jq -r .id)
  curl -sS "$GATEWAY/api/v1/orders/$ORDER" -H "Authorization: Bearer $TOKEN" | jq .

TEXT
}
