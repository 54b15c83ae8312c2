// A shared library that is no module.
extern "C" [[gnu::visibility("default")]] int something_else() {
  return 0;
}
