// An identity provider as others run it (oidc-provider, certified by the OpenID Foundation): each client
// gets access tokens (RFC 9068) with the claims that its name has in CLAIMS.
import Provider from "oidc-provider";

const issuer = process.env.ISSUER;
const claims = JSON.parse(process.env.CLAIMS);
const resource = { scope: "stairs", audience: process.env.AUDIENCE, accessTokenFormat: "jwt", accessTokenTTL: 600 };

const provider = new Provider(issuer, {
  clients: Object.keys(claims).map((name) => ({
    client_id: name,
    client_secret: "secret",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://stairs.example/api",
      getResourceServerInfo: () => resource,
      useGrantedResource: () => true,
    },
  },
  extraTokenClaims: (_context, token) => claims[token.clientId],
});
provider.listen(Number(new URL(issuer).port), "127.0.0.1");
