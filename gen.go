package clerksessions

//go:generate go -C api tool generate
