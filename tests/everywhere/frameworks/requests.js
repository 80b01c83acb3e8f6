// One request in the ways of three libraries, which return its status and the user of its data.
import { axiosClient, kyClient, openapiClient } from './from-docs/requests.js';

globalThis.ask = {
  async 'openapi-fetch'(method, path, body) {
    const { response, data } = await openapiClient[method](`/${path}`, { body });
    return { status: response.status, uid: data?.uid };
  },
  async ky(method, path, body) {
    const response = await kyClient(path, { method, json: body, throwHttpErrors: false });
    return { status: response.status, uid: (await response.json()).uid };
  },
  async axios(method, path, body) {
    const { status, data } = await axiosClient.request({ method, url: path, data: body });
    return { status, uid: data.uid };
  },
};
