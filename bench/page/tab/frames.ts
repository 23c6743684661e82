// In the tab while somebody scrolls: notes each frame, and whether the rows that it should show were there. Runs in the page.

import type { Frames } from "../tab-notes.ts";

declare global {
  interface Window {
    /** Begins to note, and returns what was noted when its result is called. */
    noteFrames(): () => Frames;
  }
}

window.noteFrames = () => {
  const screen = find(".messages");
  const list = find(".messages ol");
  const frames: Frames = { times: [], longestTask: 0, gaps: 0, rows: 0 };
  const tasks = new PerformanceObserver((entries) => {
    for (const { duration } of entries.getEntries()) {
      frames.longestTask = Math.max(frames.longestTask, duration);
    }
  });
  tasks.observe({ type: "longtask" });
  let isOver = false;

  function note(time: number): void {
    if (isOver) return;
    frames.times.push(time);
    frames.rows = Math.max(frames.rows, list.childElementCount);
    if (hasGap()) frames.gaps += 1;
    requestAnimationFrame(note);
  }

  /** Above the first row and below the last one is the list's padding, in place of those that are no elements. */
  function hasGap(): boolean {
    const { top, bottom } = screen.getBoundingClientRect();
    const box = list.getBoundingClientRect();
    const first = box.top + Number.parseFloat(list.style.paddingTop);
    const last = box.bottom - Number.parseFloat(list.style.paddingBottom);
    return (first > top && box.top < first - 1) || (last < bottom && box.bottom > last + 1);
  }

  requestAnimationFrame(note);
  return () => {
    isOver = true;
    tasks.disconnect();
    return frames;
  };
};

function find(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}
