// Two public clients read and write both personalities, whatever the sites do to them, until they are stopped. Used by
// the soak (make soak); any error is expected, as every fault is on. A credential that was taken away is renewed at
// RENEW, as a person would: its answers are fresh tokens.
import { createV1Client, createV2Client } from 'confluence.js';
import Confluence from 'confluence-api';

const { CLOUD_HOST, CLOUD_USER, DC_HOST, DC_USER, RENEW } = process.env;
const asked = (act) => new Promise((resolve, reject) => act((error, answer) => (error ? reject(error) : resolve(answer))));
const fresh = async (site) => (await fetch(`${RENEW}/${site}`, { method: 'POST' })).text();

const cloud = { async renew() {
  const auth = { type: 'basic', email: `${CLOUD_USER}@example.test`, apiToken: await fresh('cloud') };
  this.v1 = createV1Client({ host: CLOUD_HOST, auth });
  this.v2 = createV2Client({ host: CLOUD_HOST, auth });
} };
const dc = { async renew() { this.api = new Confluence({ username: DC_USER, password: await fresh('dc'), baseUrl: DC_HOST }); } };

let done = 0, failed = 0, named = 0;
const calls = [
  [cloud, () => cloud.v2.page.getPages({ limit: 25 })],
  [dc, () => asked((back) => dc.api.getSpace('SOAK', back))],
  [cloud, () => cloud.v2.space.getSpaces({ keys: ['SOAK'] })],
  [dc, () => asked((back) => dc.api.getSpaceHomePage('SOAK', back))],
  [cloud, async () => {
    const space = (await cloud.v2.space.getSpaces({ keys: ['SOAK'] })).results[0];
    return cloud.v2.page.createPage({ body: { spaceId: space.id, status: 'current', title: `client ${named++}`, body: { representation: 'storage', value: '<p>x</p>' } } });
  }],
  [dc, () => asked((back) => dc.api.postContent('SOAK', `client ${named++}`, '<p>x</p>', null, back))],
  [cloud, () => cloud.v1.search.searchByCQL({ cql: 'type=page', limit: 10 })],
  [dc, () => asked((back) => dc.api.search('cql=type%3Dpage', back))],
];
const told = () => { console.log(`${done} calls answered, ${failed} failed`); process.exit(0); };
process.on('SIGTERM', told);
process.on('SIGINT', told);
await Promise.all([cloud.renew(), dc.renew()]);
const lane = async (n) => {
  for (let i = n; ; i++) {
    const [site, call] = calls[i % calls.length];
    try {
      await call();
      done++;
    } catch (error) {
      failed++;
      const status = error?.status ?? error?.response?.status;
      if (status === 401 || status === 403 || status === 404) await site.renew().catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
await Promise.all([lane(0), lane(3), lane(5)]);
