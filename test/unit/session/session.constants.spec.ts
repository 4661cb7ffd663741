/** Constant attributes: given at creation, the same for the session's whole life, frozen. */
import { beforeEach, describe, expect, it } from 'vitest';
import { TestServer, type Visit } from '../fixtures/test.server.js';

const CONSTANTS = {
  user: 'Ann',
  roles: ['admin'],
  profile: { address: { city: 'Wien' }, nothing: { inside: Object.create(null) as object } },
  since: new Date(5),
  key: Buffer.from('key'),
};

let server: TestServer;
let first: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ constAttrs: CONSTANTS });
});

describe('constant attributes', () => {
  it('are what was given, in every request', async () => {
    expect(first.session.constAttrs()).toStrictEqual(CONSTANTS);
    expect((await server.return(first)).session.constAttrs()).toStrictEqual(CONSTANTS);
  });

  it('are unlike variable ones: neither shows up among the others', async () => {
    first.session.setAttr('user', 'Eve');
    await first.session.save();
    const { session } = await server.return(first);
    expect([session.constAttr('user'), session.attr('user')]).toEqual(['Ann', 'Eve']);
    expect(session.attr('roles')).toBeUndefined();
  });

  it.each(['in the request that added it', 'in a later request'])('are frozen all the way down %s', async (when) => {
    const { session } = when.includes('later') ? await server.return(first) : first;
    const profile = session.constAttr('profile');
    expect(() => session.constAttr('roles').push('root')).toThrow(TypeError);
    expect(() => (profile.address.city = 'Graz')).toThrow(TypeError);
    expect(() => (profile.more = 1)).toThrow(TypeError);
    expect(() => delete profile.address).toThrow(TypeError);
    expect(() => (profile.nothing.inside.more = 1)).toThrow(TypeError);
  });

  it('are frozen also where they go round in a circle', async () => {
    const circle: { self?: object; list: unknown[] } = { list: [] };
    circle.self = circle;
    circle.list.push(circle);
    const { session } = await server.login({ constAttrs: { circle } });
    expect(Object.isFrozen(session.constAttr('circle').list)).toBe(true);
  });

  it('are not changed by what happens to the objects they were given as', async () => {
    const roles = ['user'];
    const visit = await server.login({ constAttrs: { roles } });
    roles.push('admin');
    expect(visit.session.constAttr('roles')).toEqual(['user']);
    expect((await server.return(visit)).session.constAttr('roles')).toEqual(['user']);
  });

  it('leave the objects they were given as unfrozen', () => {
    expect(Object.isFrozen(CONSTANTS.roles)).toBe(false);
  });

  it('are never written again, whatever is done to the parts that can not be frozen', async () => {
    const { session } = await server.return(first);
    session.constAttr('since').setTime(99);
    session.constAttr('key')[0] = 0;
    server.store.forget();
    await session.save();
    expect(server.store.writes).toBe(0);
    expect((await server.return(first)).session.constAttr('since')).toEqual(new Date(5));
  });

  it('come in a new object each time', () => {
    expect(first.session.constAttrs()).not.toBe(first.session.constAttrs());
  });

  it('survive a rotation', async () => {
    const visit = await server.return(first);
    await server.manager.rotate(visit.session, visit.response);
    expect((await server.return(visit)).session.constAttrs()).toStrictEqual(CONSTANTS);
  });
});
