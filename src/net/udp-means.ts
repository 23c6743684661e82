// What the sessions of this platform do on paths of UDP: its twin is for a page.

export { udpMeans } from "../protocol/udp-means.ts";
