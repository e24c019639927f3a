// The full page: the widget takes the whole of it, opened at once, and stays open. Stores nothing.

await customElements.whenDefined("allobot-widget");
const widget = document.querySelector("allobot-widget");
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/static/assistant-widget.css";
widget.shadowRoot.append(style);
widget.close = () => {};
widget.open();
