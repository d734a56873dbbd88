// Before the page is painted, so that it does not flash in the other colours.
(() => {
  const themes = ['auto', 'light', 'dark'];
  const read = () => {
    try {
      const stored = localStorage.getItem('theme');
      return themes.includes(stored) ? stored : 'auto';
    } catch {
      return 'auto';  // storage may be forbidden
    }
  };
  const apply = (theme) => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  let current = read();
  apply(current);

  window.theme = {
    get current() { return current; },
    /** The next one of auto, light, dark; kept for the next visit. */
    advance() {
      current = themes[(themes.indexOf(current) + 1) % themes.length];
      try { localStorage.setItem('theme', current); } catch { /* for this visit only */ }
      apply(current);
      return current;
    },
  };
})();
