// The visitor's side of a web chat. The token lives in this tab only and travels in a header only.
const base = `/w/${document.body.dataset.inbox}`
const list = document.getElementById('messages')
const state = document.getElementById('state')
const form = document.getElementById('compose')
const field = document.getElementById('text')
const stored = `chat ${base}`

const say = (text) => {
  state.textContent = text
}

async function call(method, path, body) {
  const token = sessionStorage.getItem(stored)
  const reply = await fetch(`${base}/${path}`, {
    method,
    credentials: 'omit',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (reply.ok) return reply
  const problem = await reply.json().catch(() => ({}))
  throw Object.assign(new Error(problem.detail ?? 'The chat does not answer.'), { code: problem.code })
}

async function begin() {
  if (sessionStorage.getItem(stored) !== null) return
  const { token } = await (await call('POST', 'session', {})).json()
  sessionStorage.setItem(stored, token)
}

async function show() {
  const { messages } = await (await call('GET', 'messages')).json()
  list.replaceChildren(
    ...messages.map((message) => {
      const item = document.createElement('li')
      item.dataset.direction = message.direction
      item.textContent = message.text ?? `(${message.type})`
      return item
    }),
  )
  list.lastElementChild?.scrollIntoView()
}

async function follow() {
  for (;;) {
    try {
      const reply = await call('GET', 'stream')
      say('')
      await show()
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read())
        if (part.value.includes('event: change')) await show()
    } catch (error) {
      if (error.code === 'visitor.unknown') {
        sessionStorage.removeItem(stored)
        return say('This chat has ended. Send a message to begin again.')
      }
      say('Connecting again…')
    }
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
}

let following = false
async function start() {
  const fresh = sessionStorage.getItem(stored) === null
  await begin()
  if (fresh || !following) {
    following = true
    void follow().finally(() => {
      following = false
    })
  }
}

let pending = null
async function submit() {
  const text = field.value.trim()
  if (text === '') return
  // A repeated click or a retry after a lost answer carries the same key and is kept once.
  pending = pending?.text === text ? pending : { text, key: crypto.randomUUID() }
  try {
    await start()
    await call('POST', 'messages', pending)
    pending = null
    field.value = ''
    say('')
    await show()
  } catch (error) {
    if (error.code === 'visitor.unknown') sessionStorage.removeItem(stored)
    say(error.message)
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void submit()
})

if (sessionStorage.getItem(stored) !== null) void start()
