// When something was said, as short as it can be told: by the clock on the wall here. Pure, but for where on
// Earth this is.

const two = (count: number) => String(count).padStart(2, "0");

/** "14:05", or "14:05:59" */
export function clockTime(time: number, withSeconds = false): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map(two).join(":");
}

/** "2026-03-01" */
export function calendarDay(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The same, and the day as well where it is not today. */
export function moment(time: number, now: number): string {
  const day = calendarDay(time);
  return day === calendarDay(now) ? clockTime(time) : `${day} ${clockTime(time)}`;
}
