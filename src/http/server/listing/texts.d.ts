// Files of the page that are read as text, for the browser.

declare module "*.css" {
  const text: string;
  export default text;
}

declare module "*.browser.js" {
  const text: string;
  export default text;
}
