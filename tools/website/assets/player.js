// Plays the widgets of a lesson without a kernel: the part of Jupyter's front end that anywidget's
// ES modules ask for (models with get, set, on, off, save_changes, send), boxes, and links.
(() => {
  const NO_PYTHON =
    "There is no Python on this page. To run this, open the lesson yourself: make lab.";
  const LATE = "Fetching the classifier; once only.";
  const lesson = JSON.parse(document.getElementById("kd-state").textContent);
  const code = self.kerasdemoWidgets ?? {};

  // --- models ---------------------------------------------------------------------------------
  const bytes = lesson.buffers.map((text) =>
    new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer));

  /** Put the bytes back where the page holds a number for them. */
  function revive(value) {
    if (value === null || typeof value !== "object") return value;
    if ("$bytes" in value) return bytes[value.$bytes];
    if (Array.isArray(value)) return value.map(revive);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revive(one)]));
  }

  function alike(one, other) {
    if (Object.is(one, other)) return true;
    if ([one, other].some((value) => value === null || typeof value !== "object")) return false;
    if (ArrayBuffer.isView(one) || ArrayBuffer.isView(other)) return false;
    const names = Object.keys(one);
    return Array.isArray(one) === Array.isArray(other) && names.length === Object.keys(other).length
      && names.every((name) => Object.hasOwn(other, name) && alike(one[name], other[name]));
  }

  function makeModel(state, still) {
    const heard = new Map(); // event -> functions
    const fire = (event, ...told) => [...(heard.get(event) ?? [])].forEach((hear) => hear(...told));
    const model = {
      still, // why nothing answers here; "" where nothing has to
      get: (name) => state[name],
      set(name, value) {
        const wishes = Object.entries(typeof name === "object" ? name : { [name]: value });
        const changed = wishes.filter(([each, wish]) => !alike(state[each], wish));
        for (const [each, wish] of changed) state[each] = wish;
        for (const [each, wish] of changed) fire(`change:${each}`, model, wish);
        if (changed.length) fire("change", model);
      },
      on(events, hear) {
        for (const event of events.split(" ")) heard.set(event, [...(heard.get(event) ?? []), hear]);
      },
      off(events, hear) {
        for (const event of events ? events.split(" ") : [...heard.keys()]) {
          heard.set(event, (heard.get(event) ?? []).filter((one) => hear && one !== hear));
        }
      },
      save_changes() {}, // nobody is to be told
      send() {
        throw new Error(NO_PYTHON); // as ipywidgets does when the kernel is gone
      },
      widget_manager: { get_model: async (id) => models.get(id) },
    };
    return model;
  }

  const needs = ({ reads }) => (reads === "shipped" || reads === "none" ? "" : NO_PYTHON);
  const models = new Map(Object.entries(lesson.models)
    .map(([id, record]) => [id, makeModel(revive(record.state), needs(record))]));
  const named = (reference) => models.get(reference.replace("IPY_MODEL_", ""));

  function link(model, bothWays) {
    const [[source, from], [target, to]] = [model.get("source"), model.get("target")]
      .map(([reference, name]) => [named(reference), name]);
    const copy = (one, name, other, its) =>
      one.on(`change:${name}`, () => other.set(its, one.get(name)));
    copy(source, from, target, to);
    if (bothWays) copy(target, to, source, from);
    target.set(to, source.get(from));
  }

  // --- drawings: the shipped classifier, in the browser, fetched when somebody draws ----------
  let fetched;
  const fetchReader = () => (fetched ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "assets/classifier.js";
    script.onload = () => done(self.kerasdemoReader);
    script.onerror = () => {
      fetched = undefined; // the next stroke tries again
      failed(new Error("assets/classifier.js could not be fetched"));
    };
    document.head.append(script);
  }));

  function readDrawings(model, empty) {
    const put = (row, said) => {
      const strokes = model.get("strokes").length;
      model.set({ _answered: strokes, _row: new DataView(Float32Array.from(row).buffer), _said: said });
    };
    const answer = async () => {
      if (!model.get("strokes").length) return put([], empty);
      try {
        if (!self.kerasdemoReader) model.set("_said", LATE);
        const reader = await fetchReader();
        const strokes = model.get("strokes"); // as they are by now
        if (!strokes.length) return put([], empty);
        const row = reader.read(strokes);
        const names = row.map((_, at) => String(at));
        model.set("_names", [...names]);
        return put(row, model.get("_drawing") ? "" : reader.describe(row, names));
      } catch (error) {
        return model.set("_said", `Not read: ${error.message}.`);
      }
    };
    let asked = 0;
    const soon = () => {
      asked ||= requestAnimationFrame(() => ((asked = 0), answer()));
    };
    model.on("change:strokes change:_drawing", soon);
  }

  // --- views ----------------------------------------------------------------------------------
  const modules = new Map();
  function moduleOf(name) {
    if (!modules.has(name)) {
      const style = document.createElement("style");
      style.textContent = code[name].style;
      document.head.append(style);
      const address = URL.createObjectURL(new Blob([code[name].script], { type: "text/javascript" }));
      modules.set(name, import(address).then(({ default: offered, ...parts }) =>
        (typeof offered === "function" ? offered() : offered ?? parts)));
    }
    return modules.get(name);
  }

  const begun = new Map();
  async function show(id) {
    const [record, model] = [lesson.models[id], models.get(id)];
    const el = document.createElement("div");
    el.className = "kd-view";
    Object.assign(el.style, Object.fromEntries(Object.entries(record.layout ?? {})
      .map(([name, value]) => [name.replace(/_(.)/g, (_, sign) => sign.toUpperCase()), value])));
    if (record.module === undefined) {
      Object.assign(el.style, { display: "flex", flexDirection: record.box || "column" });
      const inside = model.get("children").map((child) => show(child.replace("IPY_MODEL_", "")));
      el.append(...(await Promise.all(inside)));
      return el;
    }
    const widget = await moduleOf(record.module);
    if (!begun.has(id)) begun.set(id, widget.initialize?.({ model }));
    await begun.get(id);
    await widget.render({ model, el });
    return el;
  }

  async function start(place) {
    try {
      const view = await show(place.dataset.kdModel);
      place.dataset.kdLive = "";
      place.replaceChildren(view);
    } catch (error) {
      console.error("kerasdemo:", error); // its still picture stays
    }
  }

  for (const [id, record] of Object.entries(lesson.models)) {
    if (record.link !== undefined) link(models.get(id), record.link);
    if (record.reads === "shipped") readDrawings(models.get(id), record.empty);
  }
  const places = [...document.querySelectorAll("[data-kd-model]")];
  Promise.all(places.map(start)).then(() => (document.documentElement.dataset.kdPlayed = ""));
})();
