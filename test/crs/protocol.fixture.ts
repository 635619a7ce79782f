import {
  BROWSER,
  body,
  everywhere,
  field,
  form,
  get,
  json,
  parts,
  query,
  type Uncovered,
} from './sample-input.fixture.ts'

/** Rules on the form of requests that the public cases do not cover. */
export const PROTOCOL: readonly Uncovered[] = [
  {
    rule: 920_170,
    seen: [
      { ...get('/get'), data: 'abc' },
      { ...get('/get'), method: 'HEAD', data: 'abc' },
    ],
    unseen: [get('/get'), get('/get', { 'Content-Length': '0' }), form('abc')],
  },
  {
    rule: 920_660,
    seen: [get('/get', { 'Request-Range': 'bytes=0-1' })],
    unseen: [get('/get', { Range: 'bytes=0-1' })],
  },
  {
    rule: 920_210,
    seen: ['keep-alive, close', 'close,keep-alive', 'close, close'].map((Connection) =>
      get('/get', { Connection }),
    ),
    unseen: ['keep-alive', 'close'].map((Connection) => get('/get', { Connection })),
  },
  {
    rule: 920_250,
    seen: [
      '/get?var=%c0%af',
      '/get?var=%e2%28%a1',
      '/get?var=%f5%80%80%80',
      '/%fe/',
      '/get?%c3=1',
      '/get?var=%ed%a0%80',
    ].map((uri) => get(uri)),
    unseen: ['/get?var=%c3%a9', '/get?var=%e2%82%ac', '/get?var=%f0%9f%98%80', '/get?var=a'].map((uri) =>
      get(uri),
    ),
  },
  {
    rule: 920_260,
    seen: [
      get('/get?var=%uFF01'),
      get('/%uff0e%uff0e'),
      body('application/x-www-form-urlencoded', 'a=%uff1c'),
    ],
    unseen: [get('/get?var=%u0101')],
  },
  {
    rule: 920_310,
    seen: [get('/get', { Accept: '' })],
    unseen: [
      get('/get'),
      { ...get('/get', { Accept: '' }), method: 'OPTIONS' },
      get('/get', { Accept: '', 'User-Agent': 'x AppleWebKit/1' }),
    ],
  },
  {
    rule: 920_311,
    seen: [{ method: 'GET', uri: '/get', headers: { Host: 'localhost', Accept: '' } }],
    unseen: [
      get('/get', { Accept: '' }),
      { method: 'OPTIONS', uri: '/get', headers: { Host: 'localhost', Accept: '' } },
    ],
  },
  {
    rule: 920_340,
    seen: [{ ...form('a'), autocomplete_headers: false, headers: { ...BROWSER, 'Content-Length': '5' } }],
    unseen: [form('a'), { method: 'POST', uri: '/', headers: { ...BROWSER, 'Content-Length': '0' } }],
  },
  {
    rule: 920_350,
    seen: ['127.0.0.1', '192.0.2.1:8080', '[::1]', '[2001:db8::1]:443', '2001:db8::1'].map((Host) =>
      get('/get', { Host }),
    ),
    unseen: ['localhost', 'example.com', 'host1.example:80', '1.2.3.4.example.com'].map((Host) =>
      get('/get', { Host }),
    ),
  },
  {
    rule: 920_400,
    seen: [parts(field('a', '1'.repeat(64_200), 'Content-Type: text/plain\r\n'))],
    unseen: [parts(field('a', '1'.repeat(60_000))), form('1'.repeat(64_200))],
  },
  {
    rule: 920_530,
    seen: ['text/html; charset=utf-8; charset=utf-7', 'application/json;CHARSET=utf-8,Charset=x'].map(
      (type) => body(type, 'a'),
    ),
    unseen: [body('text/html; charset=utf-8', 'a'), body('application/json', '{}')],
  },
  {
    rule: 920_640,
    seen: [{ ...form('a'), autocomplete_headers: false, headers: { ...BROWSER, 'Content-Length': '5' } }],
    unseen: [form('a'), get('/get'), { method: 'POST', uri: '/', headers: BROWSER }],
  },
  {
    rule: 920_430,
    seen: ['HTTP/0.9', 'HTTP/1.2', 'HTTP/1.11', 'HTTP/4.0', 'JUNK/1.0', '1.1', 'http/1.1'].map((version) => ({
      ...get('/get'),
      version,
    })),
    unseen: ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/2.0', 'HTTP/3', 'HTTP/3.0'].map((version) => ({
      ...get('/get'),
      version,
    })),
  },
  {
    rule: 920_450,
    seen: [
      'Proxy',
      'Lock-Token',
      'Content-Range',
      'If',
      'Content-Encoding',
      'X-HTTP-Method-Override',
      'x-method-override',
    ].flatMap((name) => [name, name.toUpperCase()].map((spelling) => get('/get', { [spelling]: 'a' }))),
    unseen: [get('/get'), get('/get', { 'X-Sample': 'proxy', 'Accept-Charset': 'utf-8', Proxies: 'a' })],
  },
  {
    rule: 920_520,
    seen: [get('/get', { 'Accept-Encoding': 'gzip, '.repeat(20) })],
    unseen: [get('/get', { 'Accept-Encoding': 'gzip, deflate, br' })],
  },
  {
    rule: 920_600,
    seen: [
      'text/html; charset=utf-7',
      'text/html;charset="utf-16"',
      '*/*;charset=utf-8,a/b;charset=x',
      'text',
      'text/html; charset=utf-8; charset=utf-7',
    ].map((Accept) => get('/get', { Accept })),
    unseen: [
      '*',
      '*/*',
      'text/html',
      'text/html;charset=utf-8',
      'text/html; charset="iso-8859-1", a/b;q=0.9',
      'text/*;q=0.3, text/html;q=0.7;level=1, */*;q=0.5',
      'application/signed-exchange;v=b3;q=0.9',
    ].map((Accept) => get('/get', { Accept })),
  },
  {
    rule: 920_200,
    seen: [
      get('/get', { Range: 'bytes=1-2,3-4,5-6,7-8,9-10,11-12' }),
      get('/get', { Range: 'bytes=-1, 2-, -3, 4-, -5, 6-' }),
    ],
    unseen: [
      get('/get', { Range: 'bytes=1-2,3-4,5-6,7-8,9-10' }),
      get('/a.pdf', { Range: 'bytes=1-2,3-4,5-6,7-8,9-10,11-12' }),
    ],
  },
  {
    rule: 920_201,
    seen: [
      get('/get/a.pdf', { Range: `bytes=${'1-2,'.repeat(63)}` }),
      get('/get/a%2epdf', { Range: `bytes=${'1-2,'.repeat(64)}` }),
    ],
    unseen: [
      get('/get/a.pdf', { Range: `bytes=${'1-2,'.repeat(40)}` }),
      get('/get/a.txt', { Range: `bytes=${'1-2,'.repeat(63)}` }),
    ],
  },
  {
    rule: 920_121,
    seen: ['a=b.txt', "a';b", 'a%27b', 'a\\\\b'].map((name) =>
      parts(
        `Content-Disposition: form-data; name="f"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n1`,
      ),
    ),
    unseen: [
      parts('Content-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n1'),
      parts(field('f', 'a=b;')),
    ],
  },
  {
    rule: 920_272,
    seen: [
      get('/get?var=%7f'),
      get('/get?var=%80'),
      get('/get?var=%25'),
      query('\x01'),
      get('/get', { 'X-Sample': 'a\x80' }),
      json('\u00e9'),
      get('/%ff'),
    ],
    unseen: [get('/get?var=abc'), query('~ }{'), json('abc')],
  },
  {
    rule: 920_521,
    seen: ['sdch', 'foo', 'none'].map((coding) => get('/get', { 'Accept-Encoding': coding })),
    unseen: ['gzip, deflate', 'BR', 'identity', '*', '', 'x-gzip;q=0.5', 'zstd'].map((coding) =>
      get('/get', { 'Accept-Encoding': coding }),
    ),
  },
  {
    rule: 920_460,
    seen: [
      query(String.raw`\c`),
      query(String.raw`a\q`),
      get('/get', { 'X-Sample': String.raw`\1` }),
      query(String.raw`&#92;c`),
      get(String.raw`/get?\Zulu`),
    ],
    unseen: [query(String.raw`\\c`), query(String.raw`a\n`), query('abc')],
  },
  {
    rule: 921_110,
    seen: [
      ...everywhere('aaa%0d%0aGET /a HTTP/1.1'.replace('%0d%0a', '\r\n')),
      query('POST /x http/1'),
      query('TRACK  /x  HTTP/1'),
      query('pr&#111;pfind / http/1.0'),
    ],
    unseen: [query('GET http/1.1'), query('a get of http'), form('getaway')],
  },
  {
    rule: 921_160,
    seen: [
      get('/get?var=a%0d%0aSet-Cookie:%20b'),
      get('/get?%0alocation:=1'),
      get('/get?var=%0d%0a%20:'),
      get('/get?var=%0aX-Forwarded-For%20:a'),
    ],
    unseen: [get('/get?var=location:'), form('\r\nlocation: a'), get('/get?var=%0d%0aabc:')],
  },
  {
    rule: 921_190,
    seen: ['/get/a%0ab', '/get/a%0db', '/a%250ab'].map((uri) => get(uri)),
    unseen: [get('/get/ab'), get('/get?a=%0a')],
  },
  {
    rule: 921_230,
    seen: [get('/get', { Range: 'bytes=0-1' }), get('/get', { range: '' })],
    unseen: [get('/get')],
  },
  {
    rule: 922_110,
    seen: [
      parts(field('a', 'b', 'Content-Type: text/plain; charset=utf-7\r\n')),
      parts(
        field('a', 'b', 'Content-Type: text/plain; charset=utf-8\r\n'),
        field('c', 'd', 'content-type:text/html;Charset="UTF-16"\r\n'),
      ),
      parts(field('a', 'b', 'CONTENT-TYPE : text/plain; charset=utf-8; charset=utf-7\r\n')),
      parts(field('a', 'b', 'Content-Type: text\r\n')),
      parts(
        'Content-Disposition: form-data; name="a"; filename="b"\r\nContent-Type: image/jpeg; charset=x\r\n\r\n1',
      ),
    ],
    unseen: [
      parts(field('a', 'b', 'Content-Type: text/plain; charset=utf-8\r\n')),
      parts(field('a', 'b', 'Content-Type: text/plain; charset="iso-8859-15"\r\n'), field('c', 'd')),
      parts(
        'Content-Disposition: form-data; name="a"; filename="b"\r\nContent-Type: application/octet-stream\r\n\r\n1',
      ),
      form('Content-Type: text/plain; charset=utf-7'),
    ],
  },
  {
    rule: 922_120,
    seen: [
      parts(field('a', 'b', 'Content-Transfer-Encoding: 7bit\r\n')),
      parts(field('a', 'b'), field('c', 'd', 'content-TRANSFER-encoding:base64\r\n')),
    ],
    unseen: [
      parts(field('a', 'Content-Transfer-Encoding: 7bit')),
      parts(field('a', 'b', 'Content-Type: text/plain\r\n')),
    ],
  },
]
