// What answers a request for a page.
import {
  AngularNodeAppEngine,
  createNodeRequestHandler,
  writeResponseToNodeResponse,
} from '@angular/ssr/node';

declare const process: { env: Record<string, string> };

const engine = new AngularNodeAppEngine({ allowedHosts: ['127.0.0.1'] });

export const reqHandler = createNodeRequestHandler(async (request, response, next) => {
  const answer = await engine.handle(request);
  if (!answer) return next();
  const page = (await answer.text()).replace(
    'OCC_BACKEND_BASE_URL_VALUE',
    process.env['OCC_BASE_URL'],
  );
  await writeResponseToNodeResponse(new Response(page, answer), response);
});
