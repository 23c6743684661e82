// How long something takes that waits for no processor: a busy machine delays some tries, but hardly all.

const TRIES = 5;

/** The shortest time of up to five tries, ms: of no more once one was shorter than `enough`. */
export async function shortest(enough: number, act: () => Promise<void>): Promise<number> {
  let best = Infinity;
  for (let tries = 0; tries < TRIES && best >= enough; tries += 1) {
    const start = performance.now();
    await act();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
