// What scripts of another origin may send and read.

/** @typedef {import('oidc-provider').Context} Context */

/** @param {Context} ctx @param {boolean} allowed */
export function answerPreflight(ctx, allowed) {
  ctx.status = 204;
  allowOrigin(ctx, allowed);
  if (!allowed) return;
  ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
  ctx.set(
    'Access-Control-Allow-Headers',
    'Authorization, Cache-Control, Content-Type, X-Anonymous-Consents, sap-commerce-cloud-user-id',
  );
}

/** @param {Context} ctx @param {boolean} allowed */
export function allowOrigin(ctx, allowed) {
  // oidc-provider sets headers of its own.
  ctx.remove('Access-Control-Allow-Origin');
  ctx.remove('Access-Control-Expose-Headers');
  ctx.vary('Origin');
  const origin = ctx.get('origin');
  if (allowed && origin) ctx.set('Access-Control-Allow-Origin', origin);
}
