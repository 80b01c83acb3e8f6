// Where the compiler knows of Symbol.dispose, a session has it.
import { createSession } from 'occ-session';

export async function visit(baseUrl: string): Promise<string> {
  using session = await createSession({ baseUrl, clientId: 'mobile_android' });
  return session.state.phase;
}
