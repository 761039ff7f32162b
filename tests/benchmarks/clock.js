// The clock of widgets.py, put into the page: it looks at what is shown once a frame is painted.
() => {
  const seen = (root) => {
    const figure = root.querySelector(":scope .jp-OutputArea img"); // matplotlib's
    if (figure) return figure.complete && figure.naturalWidth ? figure.src : "";
    let shown = root.outerHTML.replace(/ (aria|data)-[\w-]+="[^"]*"/g, "");
    for (const canvas of root.querySelectorAll("canvas")) {
      const small = new OffscreenCanvas(64, 64).getContext("2d");
      small.drawImage(canvas, 0, 0, 64, 64);
      shown += small.getImageData(0, 0, 64, 64).data.join();
    }
    return shown;
  };
  const eachFrame = (look) => {
    // A task of its own, after the frame was painted and before what the kernel says next.
    const after = () => scheduler.postTask(() => look() || ask(), { priority: "user-blocking" });
    const ask = () => requestAnimationFrame(after);
    ask();
  };
  window.kdClock = {
    // Milliseconds from the next event of this type to the frame that shows something else. Until
    // then no frame is asked for: the page is at rest, as it is under a hand.
    latency(find, type) {
      const before = seen(find());
      return new Promise((resolve) => {
        const given = setTimeout(() => resolve(null), 5000);
        addEventListener(type, ({ timeStamp }) => eachFrame(() => {
          const now = performance.now();
          const late = now - timeStamp > 5000;
          if (!late && [before, ""].includes(seen(find()))) return false;
          clearTimeout(given);
          resolve(late ? null : now - timeStamp);
          return true;
        }), { capture: true, once: true });
      });
    },
    // How many different frames are shown in each second.
    states(find, milliseconds) {
      const begin = performance.now();
      let [count, last] = [0, seen(find())];
      return new Promise((resolve) => eachFrame(() => {
        const shown = seen(find());
        if (shown && shown !== last) [count, last] = [count + 1, shown];
        const spent = performance.now() - begin;
        if (spent > milliseconds) resolve((count / spent) * 1000);
        return spent > milliseconds;
      }));
    },
    // Milliseconds between frames.
    frames(milliseconds) {
      const times = [performance.now()];
      return new Promise((resolve) => {
        const next = (now) => {
          times.push(now);
          if (now - times[0] < milliseconds) return requestAnimationFrame(next);
          return resolve(times.slice(2).map((time, at) => time - times[at + 1]));
        };
        requestAnimationFrame(next);
      });
    },
    // Milliseconds from running a cell to the first frame with the widget in it.
    opening(cell, selector) {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = cell;
      const start = performance.now();
      window.jupyterapp.commands.execute("notebook:run-cell");
      return new Promise((resolve, reject) => eachFrame(() => {
        if (performance.now() - start > 60000) reject(new Error(`no ${selector} in a minute`));
        const root = document.querySelector(selector);
        const there = root?.offsetHeight && [...root.querySelectorAll("canvas")]
          .filter((canvas) => canvas.offsetParent).every((canvas) => canvas.width
            && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
              .data.some((value) => value));
        if (there) resolve(performance.now() - start);
        return there;
      }));
    },
  };
}
