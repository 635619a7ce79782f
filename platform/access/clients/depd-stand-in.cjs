/** Stands in for `depd`, which makes functions from strings; nothing of what it would warn about is used here. */
module.exports = function depd() {
  const deprecate = () => {}
  deprecate.function = (wrapped) => wrapped
  deprecate.property = () => {}
  return deprecate
}
