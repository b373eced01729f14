// A shop whose whole body is Vue's, made anew with every page.
const { createApp, h } = VueRuntimeDOM;

let app = null;

function show(path) {
  app?.unmount();
  app = createApp(shelf(path.endsWith("/linen/")));
  app.mount(document.body);
}

function shelf(isLinen) {
  const other = isLinen ? "../" : "linen/";
  const onClick = (event) => {
    event.preventDefault();
    history.pushState(null, "", other);
    show(location.pathname);
  };
  const link = () => h("a", { href: other, onClick }, isLinen ? "To the lamps" : "To the linen");
  return { render: () => h("main", [h("h1", isLinen ? "Linen" : "Lamps"), link()]) };
}

addEventListener("popstate", () => show(location.pathname));
show(location.pathname);
