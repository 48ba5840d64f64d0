// The read path of both clients against Data Center. SPACE is a space that is there, with at least one page.
import { promisify } from 'node:util';
import Confluence from 'confluence-api';
import { ConfluenceClient } from 'confluence.js-2';
import { assert, done, EMAIL, HOST, refused, step, TOKEN, until } from './flow.mjs';

const old = new Confluence({ username: EMAIL, password: TOKEN, baseUrl: HOST });
const call = (name, ...args) => promisify(old[name]).call(old, ...args);
const client = new ConfluenceClient({ host: HOST, apiPrefix: '/rest', authentication: { basic: { email: 'someone@example.test', apiToken: TOKEN } } });
// The client takes e-mail addresses only; a Data Center wants the name of the account.
client.config.authentication.basic.email = EMAIL;

const key = 'NPMDC';
await step('create a space', () => client.space.createSpace({ key, name: 'Clients' }));
const top = await step('create a page', () => call('postContent', key, 'Top', '<p>first</p>', null));
await step('create a page below', () => call('postContent', key, 'Below', '<p>below</p>', top.id));
await step('spaces', async () => assert.ok((await client.space.getSpaces({ spaceKey: [key] })).results.some((s) => s.key === key)));
await step('one space', async () => assert.equal((await call('getSpace', key)).results[0].key, key));
await step('home page', async () => assert.ok((await call('getSpaceHomePage', key)).id));
await step('content by id', async () => {
  const page = await client.content.getContentById({ id: top.id, expand: ['body.storage', 'version', 'space', 'ancestors'] });
  assert.equal(page.space.key, key);
  assert.match(page.body.storage.value, /first/);
  assert.equal(page.version.number, 1);
});
await step('content by title', async () => assert.equal((await call('getContentByPageTitle', key, 'Top')).results[0].id, top.id));
await step('children', async () => {
  const below = await client.contentChildrenAndDescendants.getContentChildrenByType({ id: top.id, type: 'page' });
  assert.deepEqual(below.results.map((p) => p.title), ['Below']);
});
await step('list', async () => {
  const list = await client.content.getContent({ spaceKey: key, type: 'page', limit: 1 });
  assert.equal(list.results.length, 1);
  assert.ok(list._links.next);
});
await step('labels', async () => {
  await call('postLabels', top.id, [{ prefix: 'global', name: 'read' }]);
  assert.deepEqual((await call('getLabels', top.id)).results.map((l) => l.name), ['read']);
});
await step('attachments', async () => assert.deepEqual((await call('getAttachments', key, top.id)).results, []));
await step('history', async () => assert.equal((await client.content.getHistoryForContent({ id: top.id })).latest, true));
await step('search', async () => {
  await until(() => client.content.searchContentByCQL({ cql: `space=${key} and type=page` }), (r) => r.results.length >= 3);
});
await step('what is not there is 404', () => refused(404, () => client.content.getContentById({ id: '1' })));
done('confluence.js 2.1.0 and confluence-api 1.4.0 reading Data Center');
