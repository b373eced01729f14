// A shop whose whole body is React's, made anew with every page.
const { createElement } = React;

let root = null;

function show(path) {
  root?.unmount();
  root = ReactDOM.createRoot(document.body);
  root.render(createElement(Shelf, { isLinen: path.endsWith("/linen/") }));
}

function Shelf({ isLinen }) {
  const other = isLinen ? "../" : "linen/";
  const go = (event) => {
    event.preventDefault();
    history.pushState(null, "", other);
    show(location.pathname);
  };
  const link = createElement("a", { href: other, onClick: go }, isLinen ? "To the lamps" : "To the linen");
  return createElement("main", null, createElement("h1", null, isLinen ? "Linen" : "Lamps"), link);
}

addEventListener("popstate", () => show(location.pathname));
show(location.pathname);
