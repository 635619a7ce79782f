/** Every size, count and time limit of the gateway that the policy does not name, in one place. */
export const gatewayLimits = {
  /** Body of a request to the platform's own API, held in memory. */
  apiBodyBytesMax: 1024 * 1024,
  /** Body of a form, and of a request to the OAuth 2.0 endpoints. */
  formBodyBytesMax: 48 * 1024,
  /** Body of a request to the protected service, held until the firewall saw it whole. */
  proxiedBodyBytesMax: 10 * 1024 * 1024,
  /** Bodies of requests and answers that are held at once, and those of one client network. */
  heldBytesMax: 256 * 1024 * 1024,
  heldBytesPerClientMax: 128 * 1024 * 1024,
  /** Milliseconds that the firewall's rules may take in a minute for one client network: for each request that it may send, and at least. */
  inspectionMsPerRequest: 3,
  inspectionMsPerMinuteMin: 10_000,
  headerBytesMax: 16 * 1024,
  headersMax: 100,
  targetCharactersMax: 8192,
  connectionsMax: 10_000,
  /** Connections of one client network (IPv4 /24, IPv6 /48) at once. */
  connectionsPerClientMax: 1000,
  streamsPerConnectionMax: 100,
  /** Requests of one session, key or anonymous client network at the protected service at once, event streams included. */
  underWayPerClientMax: 200,
  /** Connections to the protected service at once: a crowd of clients, each with its share. */
  upstreamConnectionsMax: 4096,
  handshakeMs: 10_000,
  /** From the first byte of a request to the end of its headers. */
  headersMs: 10_000,
  /** From the first byte of a request to the end of its body. */
  requestMs: 120_000,
  /** A kept connection without a request under way. */
  keepAliveMs: 65_000,
  /** A connection on which no byte moves at all. */
  idleMs: 180_000,
  /** How often unfinished HTTP/1.1 requests are looked at for the two limits above. */
  sweepMs: 2000,
  upstreamConnectMs: 5000,
  /** From the end of the forwarded request to the service's response headers. */
  upstreamResponseMs: 30_000,
  /** Between two parts of a response; event streams and WebSockets are exempt. */
  upstreamIdleMs: 60_000,
  /** How often the caller of an open event stream or WebSocket is asked about again. Policy 3.4-b. */
  standingMs: 500,
} as const

/** The limits by name; tests make single ones smaller. */
export type GatewayLimits = { readonly [Name in keyof typeof gatewayLimits]: number }
