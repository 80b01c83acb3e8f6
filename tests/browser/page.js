// The script of page.html: it opens the session that its address describes and shows the phase.

const asked = new URLSearchParams(location.search);

/** @type {{ createSession: typeof import('/occ-session/index.js').createSession }} */
const { createSession } = await import(asked.get('entry') ?? '/occ-session/index.js');

const revoke = asked.get('revoke');
const timeoutMs = asked.get('timeoutMs');

try {
  const session = await createSession({
    baseUrl: asked.get('backend') ?? '',
    clientId: 'mobile_android',
    clientSecret: 'secret',
    storage: /** @type {'session' | 'local' | 'memory'} */ (asked.get('storage') ?? 'session'),
    persistRefreshToken: asked.get('persist') === '1',
    ...(revoke && { endpoints: { revoke } }),
    ...(timeoutMs && { revocation: { timeoutMs: Number(timeoutMs) } }),
  });
  globalThis.session = session;
  globalThis.expiries = [];
  session.addEventListener('expired', ({ detail }) => globalThis.expiries.push(detail));
  const show = () => (document.body.dataset.phase = session.state.phase);
  session.addEventListener('change', show);
  show();
} catch (error) {
  const { name, code, message } = /** @type {import('/occ-session/index.js').SessionError} */ (
    error
  );
  document.body.textContent = JSON.stringify({ name, code, message });
  document.body.dataset.phase = 'failed';
}
