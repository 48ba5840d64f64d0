// Two public clients read and write both personalities, whatever the sites do to them, until they are stopped. Used by
// the soak (make soak); every error is expected, as every fault is on.
import { createV1Client, createV2Client } from 'confluence.js';
import Confluence from 'confluence-api';

const { CLOUD_HOST, CLOUD_USER, CLOUD_TOKEN, DC_HOST, DC_USER, DC_TOKEN } = process.env;
const auth = { type: 'basic', email: `${CLOUD_USER}@example.test`, apiToken: CLOUD_TOKEN };
const v1 = createV1Client({ host: CLOUD_HOST, auth }), v2 = createV2Client({ host: CLOUD_HOST, auth });
const older = new Confluence({ username: DC_USER, password: DC_TOKEN, baseUrl: DC_HOST, version: 4 });
const asked = (act) => new Promise((resolve, reject) => act((error, answer) => (error ? reject(error) : resolve(answer))));

let done = 0, failed = 0;
const calls = [
  () => v2.page.getPages({ limit: 25 }),
  () => v2.space.getSpaces({ keys: ['SOAK'] }),
  async () => {
    const space = (await v2.space.getSpaces({ keys: ['SOAK'] })).results[0];
    return v2.page.createPage({ body: { spaceId: space.id, status: 'current', title: `client ${done} ${failed}`, body: { representation: 'storage', value: '<p>x</p>' } } });
  },
  () => v1.search.searchByCQL({ cql: 'type=page', limit: 10 }),
  () => asked((back) => older.getSpace('SOAK', back)),
  () => asked((back) => older.getSpaceHomePage('SOAK', back)),
  () => asked((back) => older.search('type=page', back)),
];
const told = () => { console.log(`${done} calls answered, ${failed} failed`); process.exit(0); };
process.on('SIGTERM', told);
process.on('SIGINT', told);
const lane = async (n) => {
  for (let i = n; ; i++) {
    try { await calls[i % calls.length](); done++; } catch { failed++; }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
await Promise.all([lane(0), lane(2), lane(4)]);
