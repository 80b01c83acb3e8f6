// Builds elements without markup in strings: the page requires Trusted Types.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} id
 * @returns {any} the element, which index.html is known to have
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element "${id}".`);
  return found;
}

/**
 * @template {Element} T
 * @param {T} node
 * @param {Record<string, string | number | boolean | undefined>} attributes
 * @param {(Node | string)[]} children
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children);
  return node;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 */
export function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/**
 * Hides or shows an element; if the focus was inside, it moves on instead of getting lost.
 * @param {HTMLElement} node
 * @param {boolean} hidden
 * @param {HTMLElement} next the element that is shown instead
 */
export function hide(node, hidden, next) {
  const focused = hidden && !node.hidden && node.contains(document.activeElement);
  node.hidden = hidden;
  if (!focused) return;
  next.hidden = false;
  next.focus();
}

/** Announces a text to screen readers, politely. @param {string} text */
export function announce(text) {
  byId('announcement').textContent = text;
}
