// Starts aedes 2: node aedes2.mjs MODULES CERTIFICATE KEY TCP TLS WS WSS
//
// MODULES is the directory with aedes and ws, CERTIFICATE and KEY are PEM files, the others ports of
// 127.0.0.1: plain, with TLS, with WebSocket, and with both.
import { createRequire } from 'node:module'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import tls from 'node:tls'

const [modules, certificate, key, ...ports] = process.argv.slice(2)
const require = createRequire(path.join(modules, 'package.json'))
const { Aedes } = await import(pathToFileURL(path.join(modules, 'node_modules/aedes/aedes.js')))
const { WebSocketServer, createWebSocketStream } = require('ws')

const broker = await Aedes.createBroker()
const pair = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }
const web = [http.createServer(), https.createServer(pair)]
for (const server of web) {
  new WebSocketServer({ server, path: '/mqtt' })
    .on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request))
}
const servers = [net.createServer(broker.handle), tls.createServer(pair, broker.handle), ...web]
servers.forEach((server, index) => server.listen(Number(ports[index]), '127.0.0.1'))
