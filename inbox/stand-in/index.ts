/** A local stand-in for the WhatsApp Cloud API: it speaks the same protocol on the loopback, keeps what it was given, delivers nothing. */
export { startStandIn, type StandIn, type StandInMessage } from './stand-in.ts'
