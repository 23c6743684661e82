// What the sessions of this platform do about other paths than the one in use: its twin is for a page.

export { severalPaths as otherPaths } from "../protocol/session/several-paths.ts";
