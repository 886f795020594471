import fastify from 'fastify'

// A process of its own, like the server: a Fastify route that parses the body and answers what /track answers.
const app = fastify({ logger: false })
app.post('/track', (request, reply) => {
  const isGood = Array.isArray(request.body)
  return reply.type('text/plain; charset=utf-8').send(isGood ? '1' : '0')
})
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
