// A real OAuth 2.0 authorization server for lanewatch's tests, with an API behind it.
//
// It differs from a production server in three ways: lives are short, every refresh rotates the
// refresh token, and three paths that no real server has let a test act as the person who consents
// (`/__mint`) and as the one who takes the consent back (`/__revoke`), and look at what the server
// keeps to itself (`/__reuses`).
//
// Environment: ACCESS_TTL and REFRESH_TTL in seconds. Prints `listening PORT` and ends with its
// standard input, so that it does not outlive the test that started it.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const seconds = (name, otherwise) => Number(process.env[name] ?? otherwise);
const accessTtl = seconds('ACCESS_TTL', 60);
const refreshTtl = seconds('REFRESH_TTL', 600);
const apiScopes = ['repo:read', 'repo:write', 'admin'];

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'lane',
      client_secret: 'lane-secret',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${issuer}/callback`],
      scope: ['openid', 'offline_access', ...apiScopes].join(' '),
    },
    {
      client_id: 'posting lane',
      client_secret: 'p:s/s%&+',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${issuer}/callback`],
      scope: ['openid', 'offline_access', ...apiScopes].join(' '),
    },
    {
      client_id: 'machine',
      client_secret: 'machine-secret',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: apiScopes.join(' '),
    },
    {
      client_id: 'public',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${issuer}/callback`],
      scope: ['openid', 'offline_access', ...apiScopes].join(' '),
    },
  ],
  scopes: ['openid', 'offline_access', ...apiScopes],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  rotateRefreshToken: true,
  // The default forgives an expired token fifteen seconds, which is longer than tokens live here.
  clockTolerance: 0,
  ttl: { AccessToken: accessTtl, ClientCredentials: accessTtl, RefreshToken: refreshTtl, Grant: 3600, Session: 3600, IdToken: 60 },
  cookies: { keys: ['test'] },
});

/** What a person's consent leads to: a grant and a refresh token for it. */
async function mint(query) {
  const clientId = query.client ?? 'lane';
  const scope = query.scope ?? 'offline_access repo:read repo:write';
  const grant = new provider.Grant({ accountId: 'someone', clientId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId: 'someone',
    client: await provider.Client.find(clientId),
    expiresWithSession: false,
    grantId,
    gty: 'authorization_code',
    iiat: Math.floor(Date.now() / 1000),
    scope,
  });
  return { refresh_token: await token.save(), grant_id: grantId };
}

/** What taking the consent back leads to: everything that came from the grant is dead. */
async function revoke({ grantId }) {
  for (const kind of [provider.AccessToken, provider.RefreshToken]) {
    await kind.revokeByGrantId(grantId);
  }
  const grant = await provider.Grant.find(grantId);
  await grant?.destroy();
  return { revoked: grant !== undefined };
}

/** The API: which scope a request needs, or undefined where there is nothing. */
function scopeFor(method, path) {
  if (path === '/api/admin') return 'admin';
  if (path === '/api/repos') return method === 'GET' ? 'repo:read' : 'repo:write';
  return undefined;
}

async function serve(ctx, needed) {
  const [, presented] = /^Bearer (\S+)$/i.exec(ctx.get('authorization')) ?? [];
  const kinds = [provider.AccessToken, provider.ClientCredentials];
  const found = presented ? await Promise.all(kinds.map((kind) => kind.find(presented))) : [];
  const token = found.find((one) => one !== undefined);
  const refuse = (status, error, more = '') => {
    ctx.status = status;
    ctx.set('WWW-Authenticate', `Bearer error="${error}"${more}`);
    ctx.body = { error };
  };
  if (!token || token.isExpired) return refuse(401, 'invalid_token');
  if (!token.scopes.has(needed)) return refuse(403, 'insufficient_scope', `, scope="${needed}"`);
  ctx.body = { ok: true, scope: token.scope };
}

provider.use(async (ctx, next) => {
  if (ctx.path === '/__mint') {
    ctx.body = await mint(ctx.query);
  } else if (ctx.path === '/__revoke') {
    ctx.body = await revoke(ctx.query);
  } else if (ctx.path === '/__reuses') {
    ctx.body = { reuses };
  } else {
    const needed = scopeFor(ctx.method, ctx.path);
    await (needed ? serve(ctx, needed) : next());
  }
});
provider.on('server_error', (_, error) => console.error(error));

/** How often a refresh token was shown that had been used before: each time its family dies. */
let reuses = 0;
provider.on('grant.error', (_, error) => {
  if (error.error_detail === 'refresh token already used') reuses += 1;
});

server.on('request', provider.callback());
process.stdin.resume().on('end', () => process.exit(0));
console.log(`listening ${port}`);
