package contract

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
	"go.yaml.in/yaml/v3"
)

// Contract is openapi.yaml with the configuration of its generated code.
type Contract struct {
	dir    string      // of openapi.yaml
	own    any         // openapi.yaml as written
	doc    *openapi3.T // with the overlay applied
	config configuration
	code   handWritten

	responses map[string]bool // component schemas in responses, set by Check
}

// configuration is oapi-codegen.yaml.
type configuration struct {
	codegen.Configuration `yaml:",inline"`
	Output                string `yaml:"output"`
}

// Load reads the contract of the repository in dir.
func Load(dir string) (*Contract, error) { return load(dir, filepath.Join(dir, "openapi.yaml"), "") }

// load reads a contract and an overlay. If overlay is "", it is the one in oapi-codegen.yaml.
func load(dir, contract, overlay string) (*Contract, error) {
	c := &Contract{dir: dir}
	if err := c.readConfig(); err != nil {
		return nil, err
	}
	overlay = cmp.Or(overlay, filepath.Join(dir, c.config.OutputOptions.Overlay.Path))
	text, err := os.ReadFile(contract)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(text, &c.own); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	var empty Refused
	walk(c.own, nil, func(tree any, path []string) {
		if tree == nil {
			empty = append(empty, Refusal{"openapi.yaml, " + strings.Join(path, "."), "it is empty",
				"fill it or remove it"})
		}
	})
	if empty != nil {
		return nil, empty
	}
	c.doc, err = util.LoadSwaggerWithOverlay(contract, util.LoadSwaggerWithOverlayOpts{
		Path: overlay, Strict: true, AllowRemoteRefsFrom: []string{},
	})
	if err != nil {
		return nil, Refused{{"openapi.yaml", oneLine(err.Error()), "correct it, or api/overlay.yaml"}}
	}
	if c.code, err = readHandWritten(dir, c.config.Output); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Contract) readConfig() error {
	text, err := os.ReadFile(filepath.Join(c.dir, "oapi-codegen.yaml"))
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c.config); err != nil {
		return fmt.Errorf("oapi-codegen.yaml: %w", err)
	}
	for name, file := range c.config.OutputOptions.UserTemplates {
		c.config.OutputOptions.UserTemplates[name] = filepath.Join(c.dir, file)
	}
	return nil
}

// Output returns the name of the generated file.
func (c *Contract) Output() string { return c.config.Output }
