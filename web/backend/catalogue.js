// What the sample shop sells, and what lies in the carts of its customers.

export const products = [
  product('1001', 'Enamel mug', 14.5),
  product('1002', 'Linen notebook', 12),
  product('1003', 'Wool blanket', 89),
  product('1004', 'Desk lamp', 64.9),
  product('1005', 'Walnut tray', 38),
  product('1006', 'Travel kettle', 49.5),
];

/** Product codes and quantities by customer id. @type {Record<string, [string, number][]>} */
const contents = {
  '0001': [
    ['1001', 2],
    ['1003', 1],
  ],
  '0002': [['1004', 1]],
  '0003': [
    ['1002', 3],
    ['1005', 1],
    ['1006', 1],
  ],
};

/** @param {number} value */
function price(value) {
  return { currencyIso: 'EUR', value, formattedValue: `€${value.toFixed(2)}` };
}

/** @param {string} code @param {string} name @param {number} value */
function product(code, name, value) {
  return { code, name, price: price(value), url: `/product/${code}` };
}

/** @param {string} query */
export function searchProducts(query) {
  const found = products.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()));
  return {
    type: 'productSearchPageWsDTO',
    freeTextSearch: query,
    products: found,
    pagination: { currentPage: 0, pageSize: 20, totalPages: 1, totalResults: found.length },
    sorts: [],
  };
}

/** @param {Readonly<import('./accounts.js').Account> | undefined} customer */
export function cartOf(customer) {
  const entries = (contents[customer?.customerId ?? ''] ?? []).map(
    ([code, quantity], entryNumber) => {
      const sold = products.find((each) => each.code === code);
      const total = (sold?.price.value ?? 0) * quantity;
      return { entryNumber, quantity, product: sold, totalPrice: price(total) };
    },
  );
  return {
    type: 'cartWsDTO',
    code: `0000${customer?.customerId ?? '0000'}`,
    user: { uid: customer?.uid ?? 'anonymous', name: customer?.name ?? 'Anonymous' },
    entries,
    totalItems: entries.length,
    totalUnitCount: entries.reduce((sum, { quantity }) => sum + quantity, 0),
    totalPrice: price(entries.reduce((sum, { totalPrice }) => sum + totalPrice.value, 0)),
  };
}
