// The public API in a file of CommonJS, for tsc alone.
import type { Session } from 'occ-session' with { 'resolution-mode': 'import' };

export async function open(): Promise<Session> {
  const { createSession } = await import('occ-session');
  return createSession({ baseUrl: 'https://api.shop.example', clientId: 'mobile_android' });
}
