// confluence-api against Cloud's old REST operations, which some sites still answer (option ER-16: legacy-v1).
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Confluence from 'confluence-api';
import { createV1Client } from 'confluence.js';
import { assert, done, EMAIL, HOST, refused, step, TOKEN, until } from './flow.mjs';

const client = new Confluence({ username: EMAIL, password: TOKEN, baseUrl: `${HOST}/wiki` });
const call = (name, ...args) => promisify(client[name]).call(client, ...args);
const key = 'NPMOLD';
await step('create a space', () => createV1Client({ host: HOST, auth: { type: 'basic', email: EMAIL, apiToken: TOKEN } }).space.createSpace({ key, name: 'Old clients' }));
const space = await step('find it', async () => (await call('getSpace', key)).results[0]);
assert.equal(space.key, key);
const home = await step('its home page', () => call('getSpaceHomePage', key));
const top = await step('create a page', () => call('postContent', key, 'Top', '<p>first</p>', home.id));
const below = await step('create a page below', () => call('postContent', key, 'Below', '<p>below</p>', top.id));
await step('create a page on the third level', () => call('postContent', key, 'Leaf', '<p>leaf</p>', below.id));
await step('read it by id', async () => {
  const now = await call('getContentById', top.id);
  assert.equal(now.title, 'Top');
  assert.match(now.body.storage.value, /first/);
});
await step('read it by title', async () => assert.equal((await call('getContentByPageTitle', key, 'Below')).results[0].id, below.id));
await step('update', async () => assert.equal((await call('putContent', key, top.id, 2, 'Top', '<p>second</p>')).version.number, 2));
await step('a stale version is refused with 409', () => refused(409, () => call('putContent', key, top.id, 2, 'Top', '<p>stale</p>')));
await step('label', async () => {
  await call('postLabels', top.id, [{ prefix: 'global', name: 'old' }]);
  assert.deepEqual((await call('getLabels', top.id)).results.map((l) => l.name), ['old']);
});
await step('attach', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'clients-')), 'notes.txt');
  writeFileSync(file, 'some bytes');
  await call('createAttachment', key, top.id, file);
  assert.deepEqual((await call('getAttachments', key, top.id)).results.map((f) => f.title), ['notes.txt']);
});
await step('search, by cursor', async () => {
  const found = await until(() => call('search', `cql=${encodeURIComponent(`space=${key} and type=page`)}&limit=2`), (r) => r.totalSize >= 4);
  assert.ok(found.results.length <= 2 && found._links.next.includes('cursor='));
});
await step('trash', () => call('deleteContent', below.id));
await step('it is not found as current', () => refused(404, () => call('getContentById', below.id)));
done('confluence-api 1.4.0 on Cloud with its old operations');
