import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { BASE } from './waf-rules.ts'

const run = promisify(execFile)
/** Where Debian and Ubuntu put it. */
const MODULE = '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so'

/** nginx with libmodsecurity, one process on one core, before a service. */
export interface Nginx {
  readonly port: number
  readonly processId: number
  stop(): Promise<void>
}

/** Starts it with the same rules in a folder of its own; null, with a line that says why, where it is not installed. */
export async function startNginx(
  paths: readonly string[],
  upstreamPort: number,
  port: number,
): Promise<Nginx | null> {
  if (!existsSync(MODULE)) {
    console.log(`  without nginx beside it, which bench/README.md says how to install: no ${MODULE}`)
    return null
  }
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-nginx-'))
  const at = (name: string): string => join(folder, name)
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) await mkdir(at(name))
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', at('key.pem'), '-out', at('cert.pem')]
  await run('openssl', ['req', '-x509', ...curve, '-subj', '/CN=localhost', '-days', '2', ...files])
  await writeFile(at('rules.conf'), BASE + paths.map((path) => `Include ${path}\n`).join(''))
  await writeFile(at('nginx.conf'), configuration(at, upstreamPort, port))
  const child = spawn('taskset', ['-c', '0', 'nginx', '-p', folder, '-c', at('nginx.conf')], {
    stdio: 'ignore',
  })
  const stop = async (): Promise<void> => {
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await listening(child, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, processId: child.pid ?? 0, stop }
}

function configuration(at: (name: string) => string, upstreamPort: number, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${at(kind.replace('client_', ''))};`)
    .join('\n')
  return `load_module ${MODULE};
daemon off; master_process off; worker_processes 1; pid ${at('nginx.pid')};
error_log ${at('error.log')} crit;
events { worker_connections 1024; }
http {
${temporary}
  access_log off; keepalive_requests 100000000; client_body_buffer_size 128k;
  upstream service { server 127.0.0.1:${upstreamPort}; keepalive 32; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} ssl; server_name localhost;
    ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')}; ssl_protocols TLSv1.3;
    modsecurity on; modsecurity_rules_file ${at('rules.conf')};
    location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`
}

const START_MS_MAX = 20_000

async function listening(child: ChildProcess, port: number): Promise<void> {
  const until = performance.now() + START_MS_MAX
  while (child.exitCode === null && performance.now() < until) {
    await pause(100)
    const { stdout } = await run('ss', ['-Hltn', `sport = :${port}`])
    if (stdout !== '') return
  }
  throw new Error('nginx does not start')
}

/** Ends the process that was started, and no other. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(late)
}
